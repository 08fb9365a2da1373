"""What columns and their values are called in files of contact centres, in several systems and languages.

In: nothing. Out: for each field the names of its columns, for each choice the words of its values.
The rule it guards: a word stands here only where it means one thing; what may mean two is left to a person.
"""

from __future__ import annotations

import re
import unicodedata

from etl.mappings.mapping_words import FactsName

# "surveys.answered_at": of these facts only.
# English, Asterisk, Genesys, Avaya, Zendesk, ServiceNow; then German, Spanish, Estonian, Russian.
NAMES: dict[str, tuple[str, ...]] = {
    "call_id": (
        "call id", "callid", "uniqueid", "unique id", "linkedid", "conversation id", "contact id", "interaction id",
        "call ref", "session id", "segment id", "call guid", "anruf id", "gesprachs id", "id llamada",
        "id de llamada", "kone id", "koneid", "id звонка", "номер звонка", "id",
    ),
    "ticket_id": (
        "ticket id", "ticketid", "ticket", "ticket number", "ticket no", "incident id", "incident number", "incident",
        "case id", "case number", "request id", "number", "issue key", "vorgang", "ticketnummer", "fall nr",
        "numero de ticket", "id ticket", "pileti number", "pilet", "poordumine", "номер заявки", "заявка", "тикет",
        "id",
    ),
    "queue_name": (
        "queue", "queue name", "queuename", "skill", "skill name", "split", "acd queue", "service", "call type", "type",
        "hunt group", "warteschlange", "cola", "nombre de cola", "jarjekord", "jarjekorra nimi", "очередь", "служба",
        "line", "department", "abteilung", "departamento", "osakond", "отдел",
    ),
    "agent_name": (
        "agent", "agent name", "agentname", "agent id", "server", "operator", "user", "user name", "username", "member",
        "employee", "employee name", "representative", "assigned to", "assignee", "assignee name", "owner", "resolver",
        "answered by", "dstchannel", "seller", "mitarbeiter", "bearbeiter", "agente", "operador", "teenindaja",
        "klienditeenindaja", "agendi nimi", "tootaja", "агент", "оператор", "сотрудник", "исполнитель",
    ),
    "offered_at": (
        "offered at", "call start", "call start time", "start time", "start", "starttime", "started at", "started",
        "call time", "call date", "calldate", "date time", "datetime", "date", "timestamp", "queue entry", "entered queue",
        "queued at", "q start", "arrival", "arrival time", "arrived at", "vru exit", "enqueue time", "conversation start",
        "received", "received at", "beginn", "startzeit", "anrufzeit", "datum", "inicio", "hora de inicio", "fecha",
        "fecha hora", "algus", "algusaeg", "kone algus", "aeg", "kuupaev", "начало", "время начала", "время звонка",
        "дата", "дата звонка", "дата и время", "vru entry",
    ),
    "answered_at": (
        "answered at", "answer time", "answer", "answertime", "connect time", "connected at", "connected",
        "agent start time", "ser start", "service start", "pickup time", "annahme", "angenommen", "contestada",
        "hora de respuesta", "vastatud", "vastamise aeg", "ответ", "время ответа",
    ),
    "left_queue_at": ("left queue at", "queue exit", "q exit", "dequeue time", "wait end"),
    "ended_at": (
        "ended at", "end", "end time", "endtime", "finished at", "disconnect time", "disconnected at", "hangup time",
        "ser exit", "service end", "completed at", "call end", "conversation end", "until", "to", "ende", "endzeit",
        "fin", "hora de fin", "lopp", "kone lopp", "loppaeg", "конец", "окончание", "время окончания",
    ),
    "wait_seconds": (
        "wait", "wait time", "waittime", "waiting time", "wait seconds", "wait sec", "q time", "queue time", "time in queue",
        "queue wait", "hold time in queue", "asa", "speed of answer", "answer delay", "tacd", "wartezeit",
        "tiempo de espera", "espera", "ooteaeg", "ootamine", "ожидание", "время ожидания", "wait s",
    ),
    "ring_seconds": ("ring", "ring time", "ringing time", "ring seconds", "alert time", "klingelzeit", "helisemine"),
    "talk_seconds": (
        "talk", "talk time", "talktime", "talk seconds", "talk duration", "conversation time", "conversation duration",
        "billsec", "bill seconds", "ser time", "service time", "speaking time", "agent talk time", "ttalk",
        "gesprachsdauer", "gesprachszeit", "sprechzeit", "tiempo de conversacion", "tiempo hablado", "koneaeg",
        "kone kestus", "raakimisaeg", "разговор", "время разговора", "длительность разговора", "talk s", "talk min",
    ),
    "hold_seconds": ("hold", "hold time", "hold seconds", "on hold", "haltezeit", "retencion", "hoidmine", "удержание"),
    "wrap_up_seconds": (
        "wrap up", "wrapup", "wrap up time", "acw", "acw time", "after call work", "after contact work", "nachbearbeitung",
        "nachbearbeitungszeit", "postllamada", "jareltoo", "jareltootlus", "поствызывная обработка",
    ),
    "duration_seconds": (
        "duration", "duration seconds", "total duration", "call duration", "length", "duration ms", "durationms", "dauer",
        "gesamtdauer", "duracion", "kestus", "длительность", "продолжительность",
    ),
    "outcome_name": (
        "outcome", "disposition", "result", "call result", "call status", "call outcome", "status", "state", "ergebnis",
        "anrufstatus", "resultado", "estado", "tulemus", "kone tulemus", "staatus", "результат", "статус",
    ),
    "direction_name": ("direction", "call direction", "richtung", "direccion", "suund", "направление"),
    "channel_name": (
        "channel", "channel name", "media type", "mediatype", "media", "contact type", "via", "via channel", "kanal",
        "canal", "канал",
    ),
    "ended_by_name": ("ended by", "hung up by", "disconnected by", "terminated by", "disconnect type"),
    "transferred_to_name": ("transferred to", "transfer to", "transfer target", "weitergeleitet an", "suunatud"),
    "customer": (
        "caller", "caller id", "callerid", "caller number", "phone", "phone number", "telephone", "ani", "src", "customer",
        "customer id", "customer phone", "customer number", "customer email", "email", "requester", "requester id",
        "from", "msisdn", "rufnummer", "telefonnummer", "anrufer", "kunde", "telefono", "cliente", "numero de telefono",
        "helistaja", "telefon", "klient", "телефон", "номер телефона", "клиент", "звонящий",
    ),
    "topic_name": (
        "topic", "category", "subject category", "reason for call", "wrap up code", "wrapup code", "thema", "kategorie",
        "tema", "categoria", "teema", "kategooria", "тема", "категория",
    ),
    "is_resolved": ("resolved", "is resolved", "fcr", "first call resolution", "solved", "gelost", "resuelto", "lahendatud"),
    "csat_score": (
        "csat", "csat score", "satisfaction", "satisfaction score", "rating", "satisfaction rating", "survey score",
        "zufriedenheit", "bewertung", "satisfaccion", "rahulolu", "hinnang", "оценка", "удовлетворенность",
    ),
    "nps_score": ("nps", "nps score", "recommend", "likelihood to recommend", "soovitus", "weiterempfehlung"),
    "surveys.answered_at": (
        "answered at", "submitted at", "submitted", "completed at", "response date", "responded at", "survey date", "date",
        "timestamp", "datum", "fecha", "kuupaev", "дата",
    ),
    "created_at": (
        "created at", "created", "opened at", "open time", "opened", "created on", "creation date", "date created",
        "sys created at", "submitted at", "erstellt", "erstellt am", "angelegt am", "eroffnet", "creado",
        "fecha de creacion", "loodud", "avatud", "создан", "создана", "дата создания",
    ),
    "updated_at": (
        "updated at", "updated", "last updated", "last update", "sys updated at", "last modified", "modified at",
        "changed at", "geandert", "geandert am", "actualizado", "muudetud", "изменен", "обновлен",
    ),
    "first_reply_at": (
        "first reply at", "first response at", "first response", "first reply", "first responded at", "responded at",
        "erste antwort", "primera respuesta", "esimene vastus", "первый ответ",
    ),
    "solved_at": (
        "solved at", "resolved at", "resolved time", "resolved", "resolution date", "resolution time", "gelost am",
        "resuelto en", "fecha de resolucion", "lahendatud", "решен", "решена", "дата решения",
    ),
    "reopened_at": ("reopened at", "reopen time", "reopened", "wiedereroffnet", "reabierto", "taasavatud"),
    "closed_at": (
        "closed at", "close time", "closed", "closed on", "geschlossen", "geschlossen am", "cerrado", "fecha de cierre",
        "suletud", "закрыт", "закрыта", "дата закрытия",
    ),
    "status_name": (
        "status", "ticket status", "state", "incident state", "status name", "ticketstatus", "estado", "staatus", "olek",
        "статус", "состояние",
    ),
    "priority_name": ("priority", "prioritat", "prioridad", "prioriteet", "приоритет"),
    "group_name": (
        "group", "group name", "assignment group", "team", "team name", "support group", "gruppe", "grupo", "equipo",
        "grupp", "meeskond", "tiim", "группа", "команда", "wbs",
    ),
    "change_number": ("sys mod count", "change number", "revision", "sequence", "mod count"),
    "url_text": ("url", "link", "ticket url"),
    "occurred_at": ("occurred at", "event time", "event at", "changed at", "timestamp", "time", "date"),
    "event_name": ("event", "event name", "event type", "action", "change"),
    "value_text": ("value", "new value", "to value"),
    "started_at": (
        "started at", "start", "start time", "starttime", "begin", "from", "shift start", "date", "month", "period start",
        "valid from", "since", "beginn", "von", "schichtbeginn", "inicio", "desde", "algus", "alates", "начало", "с",
    ),
    "state_name": (
        "state", "status", "agent state", "agent status", "presence", "routing status", "agentenstatus", "estado",
        "olek", "staatus", "состояние", "статус",
    ),
    "reason_name": (
        "reason", "reason code", "pause reason", "aux", "aux code", "aux reason", "grund", "motivo", "pohjus", "причина",
    ),
    "shift_id": ("shift id", "shift"),
    "activity_name": ("activity", "activity code", "shift type", "tatigkeit", "actividad", "tegevus", "активность"),
    "is_paid": ("paid", "is paid", "bezahlt", "pagado", "tasustatud", "оплачивается"),
    "is_planned": ("planned", "is planned", "scheduled"),
    "survey_id": ("survey id", "response id", "id"),
    "comment_text": ("comment", "comments", "feedback", "kommentar", "comentario", "kommentaar", "комментарий"),
    "contact_id": ("contact id", "interaction id"),
    "review_id": ("review id", "evaluation id", "evaluation", "id"),
    "reviewed_at": ("reviewed at", "evaluation date", "evaluated at", "review date", "date", "datum", "kuupaev", "дата"),
    "reviewer_name": ("reviewer", "evaluator", "quality analyst", "hindaja", "prufer", "evaluador", "оценщик"),
    "form_name": ("form", "form name", "scorecard", "formular", "formulario", "vorm", "форма"),
    "total_score": ("score", "total score", "evaluation score", "quality score", "punkte", "puntuacion", "skoor", "балл"),
    "is_failed": ("failed", "critical error", "auto fail", "fatal error", "critical fail"),
    "cost_id": ("cost id", "posting id", "id"),
    "cost_name": (
        "cost", "cost name", "account", "cost type", "item", "konto", "kostenart", "cuenta", "konto nimi", "статья",
    ),
    "amount": (
        "amount", "total", "net", "net amount", "value", "price", "sum", "revenue", "betrag", "summe", "importe",
        "total eur", "summa", "tulu", "сумма", "amount eur",
    ),
    "currency_name": ("currency", "wahrung", "moneda", "valuuta", "валюта"),
    "team_name": ("team", "team name", "tiim", "equipo", "команда"),
    "site_name": ("site", "site name", "location", "standort", "sede", "asukoht"),
    "revenue_id": ("order", "order id", "order number", "sale id", "invoice", "id"),
    "earned_at": ("earned at", "paid at", "sold at", "order date", "sale date", "date", "datum", "fecha", "kuupaev", "дата"),
}  # fmt: skip

_SETS: dict[str, dict[str, str]] = {
    "outcome_name": {
        "answered": "answered agent connected completed complete completecaller completeagent handled served success ok "
        "serviced beantwortet angenommen atendida contestada vastatud teenindatud отвечен отвечено принят",
        "abandoned": "abandoned abandon aban hang hangup noanswer unanswered lost missed cancelled canceled nocontestada "
        "aufgelegt verpasst nichtangenommen abandonada perdida katkestatud loobutud vastamata пропущен потерян неотвечен",
        "timed_out": "timeout timedout exitwithtimeout expired",
        "overflowed": "overflow overflowed redirected uberlauf",
        "callback": "callback callbackrequested tagasihelistamine ruckruf",
        "interrupted": "interrupted failed error",
        "waiting": "waiting queued inqueue",
        "in_progress": "inprogress active talking ongoing",
    },
    "status_name": {
        "new": "new neu nuevo uus новый новая",
        "open": "open active inprogress workinprogress assigned reopened offen inbearbeitung abierto enprogreso avatud "
        "tootamisel открыт открыта вработе",
        "pending": "pending waiting awaitinguserinfo waitingforcustomer wartend pendiente ootel вожидании",
        "on_hold": "hold onhold awaitingvendor awaitingproblem awaitingevidence waitingonthirdparty suspended пауза",
        "solved": "solved resolved done gelost resuelto lahendatud решен решена",
        "closed": "closed complete completed geschlossen cerrado suletud закрыт закрыта",
    },
    "priority_name": {
        "urgent": "urgent critical 1critical p1 highest kritisch dringend urgente kriitiline критический срочный",
        "high": "high 2high p2 hoch alta korge высокий",
        "normal": "normal medium moderate 3moderate p3 mittel media keskmine tavaline средний обычный",
        "low": "low 4low 5planning p4 p5 lowest niedrig gering baja madal низкий",
    },
    "channel_name": {
        "call": "call phone voice telephone telefon anruf llamada telefono kone телефон звонок",
        "email": "email mail correo epost meil почта",
        "chat": "chat webchat messaging livechat чат",
        "web": "web webform selfservice portal",
        "social": "social facebook twitter whatsapp instagram telegram",
        "api": "api integration",
        "video": "video",
        "task": "task callback",
    },
    "direction_name": {
        "inbound": "inbound in incoming eingehend entrante sissetulev sisse входящий",
        "outbound": "outbound out outgoing ausgehend saliente valjuv valja исходящий",
        "internal": "internal intern interna sisemine внутренний",
    },
    "state_name": {
        "available": "available ready idle avail onqueue verfugbar bereit disponible vaba saadaval готов доступен",
        "ringing": "ringing alerting klingelt heliseb",
        "on_contact": "oncontact busy talking incall oncall interacting besetzt imgesprach ocupado enllamada kones "
        "разговор занят",
        "wrap_up": "wrapup acw aftercallwork nachbearbeitung jareltoo",
        "paused": "paused pause break meal lunch notready unavailable aux away training meeting pausa paus puhkepaus "
        "перерыв пауза обед",
        "signed_out": "signedout loggedout logout offline loggedoff abgemeldet desconectado valjas офлайн",
    },
    "ended_by_name": {
        "caller": "caller customer client kunde cliente helistaja клиент",
        "agent": "agent endpoint operator agente teenindaja агент",
        "system": "system",
    },
}  # fmt: skip
BOOLEANS: dict[str, bool] = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "ja", "jah", "si", "да", "x"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "nein", "ei", "нет"), False),
}
VALUES = {
    field: {word: means for means, words in sets.items() for word in words.split()}
    for field, sets in _SETS.items()
}
"""What the words of a choice mean, by the word without signs and accents."""

LIKELY: dict[FactsName, tuple[str, ...]] = {
    "calls": ("call", "calls", "cdr", "queue", "anruf", "kone", "koned", "llamada", "звонок", "звонки"),
    "tickets": ("ticket", "tickets", "incident", "incidents", "case", "cases", "poordumised", "заявки"),
    "ticket_events": ("events", "event", "history"),
    "agent_states": ("states", "state", "presence", "status"),
    "shifts": ("shift", "shifts", "roster", "schedule", "schicht", "graafik"),
    "surveys": ("survey", "surveys", "csat", "nps"),
    "quality_reviews": ("review", "reviews", "quality", "evaluation", "evaluations"),
    "costs": ("cost", "costs", "wages", "kulud", "kosten"),
    "revenues": ("revenue", "revenues", "sales", "orders", "tulud"),
    "self_services": ("ivr", "bot", "menu", "selfservice", "visits"),
    "recordings": ("recording", "recordings", "aufzeichnungen", "salvestused"),
    "attempts": ("attempt", "attempts", "dialer", "dialler", "campaign", "outbound"),
}
"""Words in the name of a file that tell what its rows are."""


def plain(text: str) -> str:
    """A name in small letters without accents, its words parted by single blanks: "Call_ID" is "call id"."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", parted) if not unicodedata.combining(sign))
    return " ".join(re.findall(r"[^\W_]+", bare.lower()))


def word(text: str) -> str:
    """A value without blanks, signs and accents: "No Answer" is "noanswer"."""
    return plain(text).replace(" ", "")
