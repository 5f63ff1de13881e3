"""HubSpot over HTTP: client, wire shapes, answers, limits, retries. No other room speaks HTTP to the portal."""

from importer.portal.client import Portal
from importer.portal.clock import Clock, Halted, StopSignal
from importer.portal.errors import Refused
from importer.portal.events import Event, OnEvent, PortalStats
from importer.portal.limits import Limits
from importer.portal.responses import BatchResult, HistoryEntry, PortalFault, Problem, Record
from importer.portal.settings import PortalSettings
from importer.portal.tickets import Missing, Ticket

__all__ = [
    "BatchResult",
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
