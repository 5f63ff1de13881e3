"""HubSpot over HTTP: client, wire shapes, answers, limits, retries. Nobody else knows HTTP."""

from importer.portal.answers import Answer, HistoryEntry, PortalFault, Problem, Record
from importer.portal.client import Portal
from importer.portal.endings import Refused
from importer.portal.events import Event, OnEvent, PortalStats
from importer.portal.limits import Limits
from importer.portal.lookup import Missing, Ticket
from importer.portal.settings import DEFAULT_URL, PortalSettings
from importer.portal.waiting import Clock, Halted, StopSignal

__all__ = [
    "DEFAULT_URL",
    "Answer",
    "Clock",
    "Event",
    "Halted",
    "HistoryEntry",
    "Limits",
    "Missing",
    "OnEvent",
    "Portal",
    "PortalFault",
    "PortalSettings",
    "PortalStats",
    "Problem",
    "Record",
    "Refused",
    "StopSignal",
    "Ticket",
]
