"""What a ticket is to the API: the one record of its paths, its properties with a meaning of their own, its scopes.

Source: HubSpot, object type IDs; Tickets API; default ticket properties; scopes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A type of CRM records. What is not said to be anything else is the internal name of a property."""

    path: str
    """The name of the type in the paths of the API."""
    type_id: str
    """The ID of the type, in paths that take no name and in the addresses of records' pages."""
    record_id: str
    record_id_copies: frozenset[str]
    """Properties whose value is the record ID too."""
    merged_ids: str
    """Holds the IDs of the records that were merged into one."""
    last_modified: str
    pipeline: str
    stage: str
    owner: str
    title: str
    """What a record is known by, which every portal has."""
    key_headers: frozenset[str]
    """Headers of the record-ID column, without case: the API's names, and those of HubSpot's exports."""
    usual_columns: tuple[str, ...]
    """What is edited most, in the order of a template's columns; dates that HubSpot keeps itself are left out."""
    long_texts: frozenset[str]
    """Properties whose texts need a wide column, whatever their field is."""
    batch_size: int
    """Records in one batch request. Source: HubSpot CRM API, batch limits."""
    history_batch_size: int
    """Records in one batch read that asks for histories. Source: HubSpot's refusal of more."""
    sensitive_scopes: Mapping[str, str]
    """The scope that shows the values of a class of sensitive properties."""


TICKET = ObjectType(
    path="tickets",
    type_id="0-5",
    record_id="hs_object_id",
    record_id_copies=frozenset({"hs_ticket_id"}),
    merged_ids="hs_merged_object_ids",
    last_modified="hs_lastmodifieddate",
    pipeline="hs_pipeline",
    stage="hs_pipeline_stage",
    owner="hubspot_owner_id",
    title="subject",
    key_headers=frozenset({"id", "hs_object_id", "record id", "ticket id", "ticketid"}),
    usual_columns=(
        "subject",
        "hs_pipeline",
        "hs_pipeline_stage",
        "hs_ticket_priority",
        "hs_ticket_category",
        "source_type",
        "hs_resolution",
        "hubspot_owner_id",
    ),
    long_texts=frozenset({"subject", "content"}),
    batch_size=100,
    history_batch_size=50,
    sensitive_scopes={"sensitive": "tickets.sensitive.v2", "highly_sensitive": "tickets.highly_sensitive.v2"},
)
API_ADDRESS = "https://api.hubapi.com"
OWNERS_SCOPE = "crm.objects.owners.read"
"""The scope that shows the owners."""
