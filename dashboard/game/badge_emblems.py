"""The emblems in the middle of badges, drawn here: two paths each in a square of 24, one for the pen and one that is filled.

In: nothing. Out: emblems by their names, and which of them stands for which icon that a rule names.
The rule it guards: every shipped badge has an emblem of its own meaning; an icon that is not known is drawn as its family's.
"""

from __future__ import annotations

from collections.abc import Mapping

# Of an emblem: the path that is drawn with a pen, and the one that is filled.
EMBLEMS: Mapping[str, tuple[str, str]] = {
    "anchor": (
        (
            "M12 7.4V20M8 10.8h8M4.2 13.6c.4 4.2 3.6 6.4 7.8 6.4s7.4-2.2 7.8-6.4M12 7.2"
            "a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z"
        ),
        "",
    ),
    "bars": ("M4 10v4M8 6.5v11M12 3v18M16 7.5v9M20 10.5v3", ""),
    "bolt": ("", "M13.8 2 4.8 13.6h5.7L9.3 22 19.2 9.6h-6.4z"),
    "book": (
        "M12 6.6C10 5 7 4.6 3.6 5v13.2c3.4-.4 6.4 0 8.4 1.5 2-1.5 5-1.9 8.4-1.5V5C17 4.6 14 5 12 6.6zM12 6.6v13",
        "",
    ),
    "bridge": (
        "M2.4 17.5h19.2M6.4 5v15M17.6 5v15M6.4 6c1.6 6.6 9.6 6.6 11.2 0M6.4 6c-.7 3-2 5-4 6.2M17.6 6c.7 3 2 5 4 6.2",
        "",
    ),
    "broom": ("M19.6 3 12.8 10.6", "M10.6 8.2l5 4.6-3.4 8.4c-3.4-.4-7-2.6-9-5.4z"),
    "calendar": ("M4.2 5.8h15.6v14H4.2zM4.2 10.6h15.6M8.4 3.2v4.4M15.6 3.2v4.4", "M9.7 13h4.6v4.2H9.7z"),
    "cap": ("M6.4 12.4v5c3.4 2.6 7.8 2.6 11.2 0v-5M21.4 9.6v6.2", "M12 4 .8 9.6 12 15.2 23.2 9.6z"),
    "check": ("M4.6 12.8l5 5L19.6 6.8", ""),
    "circles": (
        "M12 21.4a9.4 9.4 0 1 0 0-18.8 9.4 9.4 0 0 0 0 18.8z",
        (
            "M12 11a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8.2 17.4a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM15.8 17.4"
            "a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"
        ),
    ),
    "clipboard": ("M8.6 13.2l2.6 2.6 4.6-5.4M5 5h14v16H5z", "M8.4 2.6h7.2v4.8H8.4z"),
    "clock": ("M12 20.8a8.8 8.8 0 1 0 0-17.6 8.8 8.8 0 0 0 0 17.6zM12 7v5.2l3.6 2.2", ""),
    "compass": ("M12 20.8a8.8 8.8 0 1 0 0-17.6 8.8 8.8 0 0 0 0 17.6z", "M16.2 7.8l-2.4 6-6 2.4 2.4-6z"),
    "crown": ("", "M4 19.2 2.4 7l5.7 4.6L12 4.2l3.9 7.4L21.6 7 20 19.2z"),
    "drop": ("", "M12 2.4c4 4.8 6.6 8 6.6 11.8a6.6 6.6 0 0 1-13.2 0C5.4 10.4 8 7.2 12 2.4z"),
    "envelope": ("M3 9.6V20.4h18V9.6L12 3.2 3 9.6l9 6 9-6", ""),
    "flag": ("M5.4 21.5V3", "M5.4 3.6h13.8l-3.2 4.7 3.2 4.7H5.4z"),
    "flame": (
        "",
        (
            "M12.6 2c.4 4.2 5.8 6.2 5.8 11.8a6.4 6.4 0 0 1-12.8 0c0-2.9 1.7-4.5 2.6-6.3.5 1.7 1.2 2.5 2.2 2.9"
            "C10.2 7.6 11 4.7 12.6 2z"
        ),
    ),
    "gem": ("M7 4.4h10l4.4 5.6L12 20.6 2.6 10zM2.8 10h18.4M9 10l3 10 3-10", ""),
    "hammer": (
        "M10.8 10.8 3.4 18.6a1.8 1.8 0 0 0 2.6 2.6l7.6-7.6",
        "M9 4.2c3-2.4 7-2 9.4.6l3.4 3.8-3.8 3.6-2-2.2-2.2 2.2L8.6 7z",
    ),
    "hand": (
        (
            "M8 13V6a1.6 1.6 0 0 1 3.2 0v5M11.2 11V4.2a1.6 1.6 0 0 1 3.2 0V11M14.4 11V5.6a1.6 1.6 0 0 1 3.2 0v8.6"
            "c0 4-2.6 6.8-6 6.8-2.7 0-4.1-1.2-5.4-3.4L3.6 13.2c-.9-1.6 1.1-2.9 2.3-1.7L8 13.6"
        ),
        "",
    ),
    "handshake": (
        (
            "M2 7.2h4.2L9 6l3 1.6L15 6l3 1.2H22M22 15h-3l-5 4.6a1.8 1.8 0 0 1-2.6 0L6 15H2M12 7.6 8.4 11.4"
            "a1.9 1.9 0 0 0 2.8 2.4l2-1.8 4.8 4"
        ),
        "",
    ),
    "headset": (
        "M4.2 14.2V12a7.8 7.8 0 0 1 15.6 0v2.2M19.4 18.2c0 1.9-1.9 2.8-5 2.8",
        "M3 12.8h4.4v6.4H5.2A2.2 2.2 0 0 1 3 17zM21 12.8h-4.4v6.4h2.2A2.2 2.2 0 0 0 21 17z",
    ),
    "heart": ("", "M12 20.6S3 15.2 3 8.9A4.7 4.7 0 0 1 12 7a4.7 4.7 0 0 1 9 1.9c0 6.3-9 11.7-9 11.7z"),
    "home": ("M2.8 11.6 12 3.4l9.2 8.2", "M5.2 12 12 6.2 18.8 12v8.8H14v-5.6h-4v5.6H5.2z"),
    "key": ("M8 20.2a4.2 4.2 0 1 0 0-8.4 4.2 4.2 0 0 0 0 8.4zM11.2 12.8 20 4M15.6 8.4l3.4 3.4", ""),
    "link": (
        (
            "M9.4 14.6l5.2-5.2M11 6.8l1.6-1.6a4.4 4.4 0 0 1 6.2 6.2L17.2 13M13 17.2l-1.6 1.6"
            "a4.4 4.4 0 0 1-6.2-6.2L6.8 11"
        ),
        "",
    ),
    "list": ("M3.4 6.4l1.8 1.8 3-3.4M3.4 16l1.8 1.8 3-3.4M12 7h8.6M12 16.6h8.6", ""),
    "lock": ("M7.4 11V8.2a4.6 4.6 0 0 1 9.2 0V11", "M4.6 10.8h14.8v9.8H4.6z"),
    "magnifier": ("M10.4 17a6.6 6.6 0 1 0 0-13.2 6.6 6.6 0 0 0 0 13.2zM15.2 15.2l5.4 5.4", ""),
    "moon": ("", "M20.2 14.6A8.9 8.9 0 1 1 9.4 3.8a7.2 7.2 0 0 0 10.8 10.8z"),
    "mountain": ("M9.2 4.6V2.2l3.4 1.2-3.4 1.2", "M1.8 20 9.2 6.4l4.2 7.2 2.2-3.6L22.2 20z"),
    "note": (
        "M9 17.6V5.2l10-2v12.2",
        "M6.2 20.8a3 2.7 0 1 0 0-5.4 3 2.7 0 0 0 0 5.4zM16.2 18.6a3 2.7 0 1 0 0-5.4 3 2.7 0 0 0 0 5.4z",
    ),
    "party": (
        "M13 9.4c2.6-.6 3.6-2.2 3-4.6M15.2 12.4c2-1.8 3.8-1.8 5.4-.2M9.6 3.6l.4 2M19.8 6.6l-1 .8M18 17.8l1.6.6",
        "M8.6 8.4l7 7L3 21z",
    ),
    "pen": ("M4 20.6h16", "M15.4 3.2l4.4 4.4L9.6 17.8l-5.6 1.2 1.2-5.6z"),
    "people": (
        "M16.4 4.6a3.3 3.3 0 0 1 0 6.2M18.2 13.8c2 .8 3.2 2.7 3.2 5.4",
        "M8.8 11.2a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 2.6-6.6 6.8-6.6s6.8 2.6 6.8 6.6z",
    ),
    "phone": (
        "",
        (
            "M7 2.8 10 4l.8 4.4-2.2 1.8c1.1 2.3 2.9 4.1 5.2 5.2l1.8-2.2L20 14l1.2 3c-.2 2.2-2 4-4.2 4"
            "C9.5 21 3 14.5 3 7c0-2.2 1.8-4 4-4.2z"
        ),
    ),
    "pipe": ("M9 3.2h6M12 3.2V7M12 14.6V21M7 21h10", "M6.8 7h10.4v7.6H6.8z"),
    "question": (
        "M8 8.8a4 4 0 1 1 6 3.5c-1.4.8-2 1.6-2 3.1",
        "M12 21.2a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4z",
    ),
    "return": ("M4.8 13.2A7.3 7.3 0 1 0 7 7.4L4.6 9.6M4.2 4.4v5.4h5.4", ""),
    "rise": ("M3.4 18l6.4-6.6 3.6 3.6L20.4 7.6M14.6 6.8h6.2V13", ""),
    "rocket": (
        "M8 16 4.6 19.4M5.2 14.6l-2.4.8M9.4 18.8l-.8 2.4",
        (
            "M21.4 2.6c-5.4 0-9.2 2.2-11.6 5.8l-4 .6-2.2 3.4 4 .6 3.4 3.4.6 4 3.4-2.2.6-4"
            "c3.6-2.4 5.8-6.2 5.8-11.6zM15.6 6.6a1.9 1.9 0 1 1 0 3.8 1.9 1.9 0 0 1 0-3.8z"
        ),
    ),
    "sail": (
        "M2.6 18c2 2.6 4 2.6 6.2 1 2.2 1.6 4.2 1.6 6.4 0 2.2 1.6 4.2 1.6 6.2-1",
        "M11.2 2.6v12.8H4.2zM13.4 6.4l6.6 9h-6.6z",
    ),
    "scales": (
        (
            "M12 3.6v16.6M8 20.4h8M4.8 6.8h14.4M4.8 6.8 2.2 13.2a2.9 2.9 0 0 0 5.2 0zM19.2 6.8l-2.6 6.4"
            "a2.9 2.9 0 0 0 5.2 0z"
        ),
        "",
    ),
    "seedling": (
        "M12 21.2V11",
        "M12 14.6c0-4.6-3.3-7-8.8-7 0 4.6 3 7 8.8 7zM12 11.4c0-4.7 3.1-7.2 8.6-7.2 0 4.7-2.8 7.2-8.6 7.2z",
    ),
    "smile": (
        "M12 20.8a8.8 8.8 0 1 0 0-17.6 8.8 8.8 0 0 0 0 17.6zM7.8 13.8c.9 2 2.3 3 4.2 3s3.3-1 4.2-3",
        "M8.8 10.8a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6zM15.2 10.8a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6z",
    ),
    "speech": ("M3.8 4.8h16.4v11.4h-8.2l-4.6 4.2v-4.2H3.8zM8 9h8M8 12.2h5", ""),
    "star": ("", "M12 2.2l3 6.3 6.9.9-5 4.8 1.2 6.9L12 17.7l-6.1 3.4 1.2-6.9-5-4.8 6.9-.9z"),
    "stars": (
        "",
        (
            "M12 2.6l1.9 4 4.4.5-3.3 3 .9 4.3-3.9-2.1-3.9 2.1.9-4.3-3.3-3 4.4-.5zM5.2 14"
            "l1.2 2.4 2.7.4-2 1.9.5 2.7-2.4-1.3-2.4 1.3.5-2.7-2-1.9 2.7-.4zM18.8 14"
            "l1.2 2.4 2.7.4-2 1.9.5 2.7-2.4-1.3-2.4 1.3.5-2.7-2-1.9 2.7-.4z"
        ),
    ),
    "steps": ("M2.8 20.6h5v-5h5v-5h5v-5h3.6", ""),
    "sun": (
        "M12 2.2v2.6M12 19.2v2.6M2.2 12h2.6M19.2 12h2.6M5 5l1.9 1.9M17.1 17.1 19 19M19 5l-1.9 1.9M6.9 17.1 5 19",
        "M12 16.8a4.8 4.8 0 1 0 0-9.6 4.8 4.8 0 0 0 0 9.6z",
    ),
    "suncloud": (
        "M8.6 2.6v1.6M2.6 8.6h1.6M4.2 4.2l1.2 1.2M13 4.2l-1.2 1.2",
        (
            "M8.8 20.6a4.4 4.4 0 0 1-.4-8.8 5.6 5.6 0 0 1 10.6 1.4 3.8 3.8 0 0 1-.6 7.4zM4.6 10.8"
            "a4.6 4.6 0 0 1 8.4-4 7.6 7.6 0 0 0-5.8 3.6 6 6 0 0 0-2 .8z"
        ),
    ),
    "sunrise": ("M2.6 19.6h18.8M12 2.8v3.6M4.2 7.6l2.3 2.3M19.8 7.6l-2.3 2.3", "M6 17.4a6 6 0 0 1 12 0z"),
    "target": ("M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z", "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z"),
    "ticket": ("M3 6.4h18v3.4a2.2 2.2 0 0 0 0 4.4v3.4H3v-3.4a2.2 2.2 0 0 0 0-4.4zM14.4 9.6v4.8", ""),
    "touch": (
        "M7.4 9.6a5 5 0 1 1 9.2 0",
        "M10.4 7.4a1.7 1.7 0 0 1 3.4 0v5l4.6 1c1.3.3 2 1.3 1.8 2.6l-.8 5.4h-8.2l-4.6-5.4 1.4-1.3 2.4.8z",
    ),
    "trophy": (
        "M7.8 5.4H3.8c0 3.7 1.5 5.8 4.4 6.1M16.2 5.4h4c0 3.7-1.5 5.8-4.4 6.1M12 14v4.6M7.6 20.4h8.8",
        "M7.4 3.2h9.2v7a4.6 4.6 0 0 1-9.2 0z",
    ),
    "umbrella": (
        "M12 12.5v6a2.3 2.3 0 0 0 4.6 0M12 2.6v2",
        (
            "M2.6 13a9.4 9.4 0 0 1 18.8 0"
            "c-1.6-1.7-3.6-1.7-4.7 0-1.3-1.7-3.3-1.7-4.7 0-1.4-1.7-3.4-1.7-4.7 0-1.1-1.7-3.1-1.7-4.7 0z"
        ),
    ),
    "uturn": ("M6 21V9.6a5.6 5.6 0 0 1 11.2 0v7.2M12.8 12.6l4.4 4.6 4.4-4.6", ""),
    "waves": (
        (
            "M2.4 8c2.4-2.4 4.4-2.4 6.4 0s4 2.4 6.4 0 4.4-2.4 6.4 0M2.4 13.4c2.4-2.4 4.4-2.4 6.4 0"
            "s4 2.4 6.4 0 4.4-2.4 6.4 0M2.4 18.8c2.4-2.4 4.4-2.4 6.4 0s4 2.4 6.4 0 4.4-2.4 6.4 0"
        ),
        "",
    ),
    "wind": ("M2.6 9h11.6a3 3 0 1 0-3-3M2.6 13.4h15.8a3.2 3.2 0 1 1-3.2 3.2M2.6 17.8h7.2", ""),
    "wrench": (
        "",
        (
            "M21 7.2a5.4 5.4 0 0 1-7.2 5.7l-7 7.4a2.3 2.3 0 0 1-3.3-3.2l7.4-7A5.4 5.4 0 0 1 17.2 3.2L14 6.5"
            "l.6 2.8 2.8.6z"
        ),
    ),
}

# Rules name icons of the Material symbols, as pages show them in text; here is what is drawn for each.
ICONS: Mapping[str, str] = {
    "air": "wind",
    "assignment_turned_in": "clipboard",
    "balance": "scales",
    "build_circle": "wrench",
    "call": "phone",
    "campaign": "speech",
    "casino": "gem",
    "celebration": "party",
    "chat": "speech",
    "checklist": "list",
    "confirmation_number": "ticket",
    "diamond": "gem",
    "diversity_3": "people",
    "drafts": "envelope",
    "eco": "seedling",
    "edit": "pen",
    "edit_note": "pen",
    "emoji_events": "trophy",
    "explore": "compass",
    "fact_check": "list",
    "favorite": "heart",
    "favorite_border": "heart",
    "forum": "speech",
    "front_hand": "hand",
    "grading": "list",
    "graphic_eq": "bars",
    "group_work": "circles",
    "groups": "people",
    "handyman": "hammer",
    "headset_mic": "headset",
    "hotel_class": "stars",
    "ink_pen": "pen",
    "inventory": "clipboard",
    "landscape": "mountain",
    "local_fire_department": "flame",
    "mark_email_read": "envelope",
    "menu_book": "book",
    "military_tech": "trophy",
    "mood": "smile",
    "mop": "broom",
    "moving": "rise",
    "music_note": "note",
    "nightlight": "moon",
    "partly_cloudy_day": "suncloud",
    "plumbing": "pipe",
    "psychiatry": "seedling",
    "restart_alt": "return",
    "ring_volume": "phone",
    "rocket_launch": "rocket",
    "sailing": "sail",
    "schedule": "clock",
    "school": "cap",
    "search": "magnifier",
    "sentiment_satisfied": "smile",
    "sentiment_very_satisfied": "smile",
    "speed": "clock",
    "stairs": "steps",
    "sunny": "sun",
    "support_agent": "headset",
    "task_alt": "target",
    "today": "calendar",
    "touch_app": "touch",
    "trending_up": "rise",
    "u_turn_right": "uturn",
    "verified": "check",
    "volunteer_activism": "heart",
    "water_drop": "drop",
    "wb_twilight": "sunrise",
    "workspace_premium": "trophy",
}
