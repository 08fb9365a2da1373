"""The audit trail: who looked at others' data, took it along, or changed what figures are made by."""

from __future__ import annotations

from dashboard.audit import audit_desk
from dashboard.ui import layout
from dashboard.words import t

layout.page(
    t("Audit trail"),
    content=audit_desk.content,
    filters=audit_desk.choose,
    refresh_seconds=30,
    needs="nothing",
    about="upkeep",
)
