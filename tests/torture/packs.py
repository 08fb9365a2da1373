"""The exact bad inputs that every reader must live with: texts, numbers, instants, poison for Postgres, cells, names.

In: nothing. Out: tuples of values; each is put into every field of every reader, beside rows that are good.
The rule it guards: what once broke somebody's pipeline stands here by name, so that it is tried against every new reader.
"""

from __future__ import annotations

MB = 1 << 20

TEXTS: tuple[str, ...] = (
    "", " ", "\u00a0", "\t", "\r", "\x00", "\x01", "\x1f", "\x7f", "\x0b", "\x0c", "\x1e", "\u2028", "\u2029", "\u0085",
    "\u202eabc", "\u200b", "\ufeff", "a" + "\u0301" * 1000, "\U0001f469\u200d\U0001f4bb", "\U0010ffff", "\ufffe",
    "õäöü", "őű", "Кириллица", "漢字", "Jo\u0308rg", "Jörg", "İstanbul", "ıI", "ﬀ", "ß",
    "a" * 251, "a" * 501, "a" * 8190, "a" * 8191, "a" * 8192, "a" * 8193, "x" * 70_000,
    "|", ",", ";", '""', "'", "\\", "\\n", "%", "%s", "{}", "[", "{", "NONE", "null", "NULL", "None", "undefined", "…", "␀",
    "key:None", "key:" + "0" * 32, "key:", "…@…", "•••",
)  # fmt: skip
"""T: texts that every field may hold. Those that break the row of a text file stand in RAW_TEXTS."""

RAW_TEXTS: tuple[bytes, ...] = (
    b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xf6\xfc",
    b"\xd0\xc5\xd2\xd7", b"\x81\x8d\x8f", b"\x00\x00", b"\r", b"\r\r", b"\x1a", b"a\x00b", b"\xa0", b"\x85",
)  # fmt: skip
"""T: bytes that are no UTF-8, or that a careless reader takes for the end of a line or of a file."""

QUOTED_TEXTS: tuple[bytes, ...] = (
    b'"', b'""', b'"""', b'a"b', b'"a', b'a"', b'"a"b', b'"a""b"', b"'a'", b'"a,b"', b'"a;b"', b'"a\tb"', b'"a|b"',
    b'"a\nb"', b'"a\r\nb"', b'"\n', b'\\"', b'"\\"',
)  # fmt: skip
"""T: what quotes can do to a row of a table."""

NUMBERS: tuple[str, ...] = (
    "-1", "-0", "0x10", "1_000", "٣", "３", "²", "½", "Ⅷ", " 5 ", "5,0", "1.234,56", "1,234.56", "1e309", "1e-400", "NaN",
    "nan", "-NaN", "sNaN", "inf", "-inf", "Infinity", "2147483647", "2147483648", "-2147483649", "9007199254740993",
    "9223372036854775808", "1" + "0" * 30, "9" * 400, "00012", "+5", "", "null", "true", "N/A", "1e5", "1E5", ".5", "5.",
    "--5", "5-", "1 000", "1'000", "5%", "€5", "0b1", "0o7", "1e", "e5", "12:34", "3600s",
)  # fmt: skip
"""N: numbers as they are written somewhere."""

INSTANTS: tuple[str, ...] = (
    "1795309870", "1795309870000", "1795309870000000", "1795309870.5", "0", "-1", "2147483648", "4294967296",
    "253402300800", "-62135596801", "99999999999999999999", "0001-01-01 00:00:00", "0000-00-00 00:00:00", "0000-00-00",
    "9999-12-31 23:59:59", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "10000-01-01",
    "infinity", "-infinity", "now", "2026-11-22 24:00:00", "2026-11-22 23:59:60", "2026-11-22T23:59:60Z",
    "2027-02-29 10:00:00", "2026-02-30 10:00:00", "2026-03-29 03:30:00", "2026-10-25 03:30:00", "2026-11-22 10:00:00",
    "2026-11-22T10:00:00", "2026-11-22T10:00:00+14:00", "2026-11-22T10:00:00-12:00", "2026-11-22T10:00:00+00:60",
    "2026-11-22T10:00:00+25:00", "2026-11-22T10:00:00.123456789Z", "2026-11-22T10:00:00,5Z", "20261122T100000Z",
    "2026-W47-7", "22/11/26 10:00", "22/11/2026 10:00:00", "11/22/2026 10:00:00", "1405-09-01 10:00:00",
    "2569-11-22 10:00:00", "2026-13-01 10:00:00", "2026-11-22 10:60:00", "0044-03-15 BC", "2026-11-24 12:00:00",
    "2026-11-23 23:00:00", "2036-11-22 10:00:00", "1989-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "1990-01-01T00:00:00Z",
    "2026-11-22T10:00:00٣Z", "２０２６-11-22 10:00:00", "2026-11-22\t10:00:00", "2026-11-22 10:00:00 ", "45983.5",
)  # fmt: skip
"""Z: instants, impossible, ambiguous, far, and written in other ways."""

CELLS: tuple[str, ...] = (
    "=1+1", "+1", "-1+2", "@SUM", "\t=1", "\r=1", "\n=1", " =1", '"=1', "'=1", "＝1+1", "＋1", "－1", "＠SUM",
    '=HYPERLINK("http://e/?"&A1)', "=cmd|'/c calc'!A1", ";=1", "|", "|=1", "%0A=", "-5", "+37251000001", "007",
    "12345678901234567", "1/2", "3-4", "MAR1", "a" * 32_768, ",=1", "\u00a0=1", "\u2003=1", "\ufeff=1", "\u200b=1",
)  # fmt: skip
"""C: cells that a spreadsheet would run or bend."""

NAMES: tuple[str, ...] = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "javascript:alert(1)",
    "[a](javascript:1)", "![](http://t/)", "$\\LaTeX$", ":material/home:", ":red[red]", "`code`", "a|b", "{{7*7}}", "${7*7}",
    "datum['x']", "'+alert(1)+'", "A" * 200, "Ann", "Ann ", "ann", "A</textarea>", "&lt;b&gt;", "\\u003cb\\u003e",
    "'; drop table x; --", "Robert'); --", "../../etc/passwd", "%2e%2e", "-", "__proto__", "constructor", "None", "NaN",
)  # fmt: skip
"""J: names that a page must show as they are."""

WRONG_ORDERS: tuple[tuple[int, int | None, int], ...] = (
    (0, 10, -5), (0, -10, 60), (10, 5, 60), (0, 10, 604_801), (0, None, 86_400), (0, 10, 400 * 86_400), (3600, 3601, 60),
)  # fmt: skip
"""Z: begin, answer and end in seconds that cannot be, or last for days."""

JSON_VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, 2**31, 2**53 + 1, 2**63, 10**30, "", [], {}, [[]], [{}], [None],
    {"": None}, {"id": 1}, [1, "a"], "\ud800", "\udfff", "\x00", "a\x00b", "null", "true", {"ARN": 5}, {"Name": None},
    ["x"] * 50,
)  # fmt: skip
"""What may stand anywhere in a JSON record beside the texts, numbers and instants above."""

BROKEN_JSON: tuple[bytes, ...] = (
    b"{", b"}", b"{}", b"[", b"[]", b"null", b"5", b'"a"', b"{]", b'{"a"}', b'{"a":}', b'{"a":1,}', b'{"a":1}{"a":2}',
    b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999999}', b'{"a":' + b"9" * 5000 + b"}", b'{"a":01}',
    b'{"a":"\\ud800"}', b'{"a":"\\u0000"}', b'{"a":"\x01"}', b'{"a":"\xff"}', b'{"a":"\xed\xa0\x80"}', b"{'a':1}",
    b'{"a":1,"a":2}', b'{"a":' * 2000, b"[" * 2000, b'{"a":' * 990 + b"1" + b"}" * 990, b"// x", b"\xef\xbb\xbf{}",
    b'{"a":tru', b'{"a":"' + b"x" * 100_000 + b'"}', b"{" + b'"k":1,' * 10_000 + b'"z":1}', b"\x1e{}", b'{"__proto__":{}}',
)  # fmt: skip
"""Lines that are no record, in a file of JSON lines."""

POISON_SQL: tuple[tuple[str, str, str], ...] = (
    ("calls", "offered_at", "'infinity'"), ("calls", "offered_at", "'-infinity'"),
    ("calls", "offered_at", "'10000-01-01T00:00:00Z'"), ("calls", "offered_at", "'0044-03-15T00:00:00Z BC'"),
    ("calls", "answered_at", "'infinity'"), ("calls", "ended_at", "'infinity'"), ("calls", "wait_seconds", "-1"),
    ("calls", "csat_score", "'NaN'"), ("calls", "csat_score", "'Infinity'"), ("calls", "nps_score", "'NaN'"),
    ("calls", "revenue_amount", "'NaN'"), ("calls", "revenue_amount", "'Infinity'"),
    ("calls", "outcome_name", "'nonsense'"), ("calls", "talk_seconds", "-1"), ("calls", "stay_number", "0"),
)  # fmt: skip
"""P: table, column and value that the warehouse itself must refuse, whoever writes it."""

QUEUE_LOG_STORIES: tuple[str, ...] = tuple(
    """
    CONNECT 2|x|1
    ENTERQUEUE ||1
    COMPLETECALLER 2|5|1
    ENTERQUEUE ||1;CONNECT 2|x|1;COMPLETEAGENT 2|5|1;COMPLETECALLER 2|5|1
    ENTERQUEUE ||1;COMPLETECALLER 2|5|1
    ENTERQUEUE ||1;CONNECT 2|x|1;ABANDON 1|1|5
    PAUSE Lunch;PAUSE Tea
    UNPAUSE
    ADDMEMBER;ADDMEMBER
    ENTERQUEUE ||1;CONNECT 2|x|1;REMOVEMEMBER;COMPLETEAGENT 2|5|1
    ENTERQUEUE ||1;QUEUESTART;ABANDON 1|1|5
    CONFIGRELOAD
    ENTERQUEUE ||1;CONNECT 2|x|1;BLINDTRANSFER 701|agents|2|9|1
    ENTERQUEUE ||1;CONNECT 2|x|1;ATTENDEDTRANSFER LINK|a|b|2|9|1
    ENTERQUEUE ||1;CONNECT 2|x|1;ATTENDEDTRANSFER BRIDGE|a|2|9|1
    ENTERQUEUE ||1;EXITEMPTY 1|1|9
    ENTERQUEUE ||1;EXITEMPTY 9
    ENTERQUEUE ||1;EXITWITHKEY 1|1|1|9
    ENTERQUEUE ||1;EXITWITHKEY 1
    ENTERQUEUE ||1;EXITWITHTIMEOUT 1|1|9
    ENTERQUEUE ||1;EXITWITHTIMEOUT 1
    ENTERQUEUE ||1;RINGCANCELED 1000
    ENTERQUEUE ||1;WITHDRAW 1|1|9|why
    SYSCOMPAT
    ENTERQUEUE ||1;AGENTDUMP
    FUTUREEVENT a|b|c
    DID 700
    OUTCALL a|b
    AGENTLOGIN SIP/1
    AGENTLOGOFF SIP/1|9
    AGENTCALLBACKLOGIN 1@c
    AGENTCALLBACKLOGOFF 1@c|9|why
    ENTERQUEUE ||1;ENTERQUEUE ||1;ABANDON 1|1|9
    RINGNOANSWER 1000
    ENTERQUEUE http://u|a||b|3
    ENTERQUEUE ||1;CONNECT
    ENTERQUEUE ||1;CONNECT 2|x|1;COMPLETEAGENT
    ENTERQUEUE ||1;TRANSFER 701|agents
    PENALTY 5
    RINGINUSE 1
    JOINEMPTY
    FULL
    CLOSED
    ENTERQUEUE ||1;WRAPUPSTART 5
    INFO a
    QUEUESTART;QUEUESTART
    DIVERT_CA_RATIO 1
    ENTERQUEUE ||1;CONNECT 99999999999|x|99999999999
    """.strip().splitlines()
)
"""Per source: verbs of one call, queue and agent in an order that Asterisk should not write, but does."""
