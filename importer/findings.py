"""What can be wrong with a cell, a row, a header or a file: the one list of codes, and the record that bears one.

A finding is data: collected, stored, shown; never raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from schemas.message import Message

STATUS_HEADER = "Import status"
MESSAGE_HEADER = "Import message"
REPORT_COLUMNS = (STATUS_HEADER, MESSAGE_HEADER)
"""Headers of our columns beside the data, the same in every language."""
REPORT_SHEET = "Import report"
CHANGES_SHEET = "Import changes"
REPORT_SHEETS = (REPORT_SHEET, CHANGES_SHEET)
"""Names of the sheets that a run adds, likewise; never read as data."""
NOT_KNOWN = "(not known)"
"""What a cell holds whose value `restore` could not find out, in every language; every run leaves it alone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, at the place where the user will click.

    `text` says what is wrong and how to fix it, without the place: the place is prefixed where it is shown.
    """

    code: str
    text: Message
    row: int | None = None
    """As the spreadsheet shows it; None for the file as a whole."""
    position: int | None = None
    """The column, counted from 0 as the sheet has it."""
    header: str | None = None
    property_name: str | None = None
    key: str | None = None
    value: str | None = None
    """The cell as typed."""
    line: int | None = None
    """The line of a delimited file on which the row begins, where it is not the row's own number."""

    @property
    def cell(self) -> str | None:
        """The cell's address as the spreadsheet shows it, `D7`."""
        return cell_name(self.row, self.position)


def cell_name(row: int | None, position: int | None) -> str | None:
    """Return a cell's address as the spreadsheet shows it, `D7`; None where it is no cell."""
    return None if row is None or position is None else f"{column_letter(position)}{row}"


@cache
def column_letter(position: int) -> str:
    """Return the letters of a column counted from 0: 0 is A, 26 is AA."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """What a code means, in English: `explain` translates it, and the page of codes is made of these."""

    meaning: str
    example: str
    remedy: str


CODES: Mapping[str, CodeInfo] = {
    # The file
    "unreadable_file": CodeInfo(
        "The file cannot be read as a spreadsheet, or its answer cannot be written.",
        "A password-protected workbook; a CSV file whose line 812 is not UTF-8.",
        "Remove the protection, save the file again as XLSX or as CSV in UTF-8, or name its --encoding.",
    ),
    "unsafe_file": CodeInfo(
        "The workbook contains something that no spreadsheet program writes: XML entities, or parts that "
        "unpack to absurd sizes.",
        "An XLSX whose sheet names an external entity.",
        "Open it in a spreadsheet program you trust and save it anew.",
    ),
    "empty_file": CodeInfo(
        "There is nothing in the file, or in the sheet that --sheet names: not even a header.",
        "A CSV file of no bytes. A header without rows is no error: there is nothing to do.",
        "Check that you named the right file.",
    ),
    "file_busy": CodeInfo(
        "Another run is working on this file.",
        "The same command in two windows.",
        "Wait for the other run to end.",
    ),
    "file_changed": CodeInfo(
        "The file is not the one that the run read.",
        "A cell was edited between the run and its resumption.",
        "Run the file again; the results of the old run are beside it.",
    ),
    "no_such_sheet": CodeInfo(
        "The workbook has no sheet of the name given with --sheet.",
        "--sheet Tickets, where the sheet is called Tickets Q3.",
        "Name one of the sheets that the message lists.",
    ),
    "ambiguous_sheet": CodeInfo(
        "Several visible sheets have a key column.",
        "Two sheets with a column Record ID.",
        "Choose one with --sheet.",
    ),
    # The columns
    "unknown_property": CodeInfo(
        "A header names no property of the portal, neither by name nor by label.",
        "A column Priorty.",
        "Correct the header, map it with --map, or leave it out with --skip-column or --skip-unknown.",
    ),
    "read_only_property": CodeInfo(
        "A column is of a property that the portal computes or keeps to itself.",
        "A column Time to close.",
        "Leave it out with --skip-column, or all such columns with --skip-read-only.",
    ),
    "duplicate_header": CodeInfo(
        "Two columns are of one property.",
        "A column Priority and a column hs_ticket_priority.",
        "Keep one, or leave the other out with --skip-column.",
    ),
    "ambiguous_header": CodeInfo(
        "A header is the label of several properties.",
        "A column Region, where two properties have that label.",
        "Write the property's internal name, or map the header with --map.",
    ),
    "empty_header": CodeInfo(
        "A column has cells, but no header.",
        "C1 is empty, and C5 is not.",
        "Name the column, or delete it.",
    ),
    "no_key_column": CodeInfo(
        "No column says which ticket a row is about.",
        "A sheet with the columns Ticket name and Priority alone.",
        "Add a column Record ID, or one of a property with unique values.",
    ),
    "ambiguous_key": CodeInfo(
        "Several columns could name the ticket.",
        "Columns of two properties with unique values, and none of record IDs.",
        "Choose one with --id-property.",
    ),
    "not_unique_property": CodeInfo(
        "The property named with --id-property has no unique values.",
        "--id-property subject.",
        "Name a property whose values are unique, or identify the rows by Record ID.",
    ),
    # The rows
    "missing_key": CodeInfo(
        "A row has values, but does not say which ticket they are for.",
        "A12 is empty, and D12 is not.",
        "Fill in the key, or empty the whole row.",
    ),
    "duplicate_key": CodeInfo(
        "Several rows are about the same ticket, with different values.",
        "A12 and A31 are both 25012345678, with different priorities.",
        "Keep one of the rows.",
    ),
    "invalid_id": CodeInfo(
        "A record ID is not a whole number.",
        "2.50123E+10, which a spreadsheet has shortened.",
        "Write the ID in full; format the column as text first.",
    ),
    "precision_lost": CodeInfo(
        "A number has more digits than a spreadsheet keeps, so its last ones are lost.",
        "A number cell that shows 1234567890123456000.",
        "Format the column as text, and fill in the values again.",
    ),
    "ragged_row": CodeInfo(
        "A row of a text file has more or fewer fields than its header, or results of an earlier run were shifted "
        "into a row's cells.",
        "Line 812 has eleven fields, the header twelve.",
        "Quote cells that hold the delimiter; nothing is padded, since padding would clear values.",
    ),
    "merged_cells": CodeInfo(
        "Cells are merged, so that it is not clear to which row a value belongs.",
        "D7:D9 are one cell.",
        "Unmerge them and fill in each cell.",
    ),
    "formula_error": CodeInfo(
        "A formula ends in an error.",
        "#N/A, where a lookup found nothing.",
        "Fix the formula, or type the value.",
    ),
    "formula_not_calculated": CodeInfo(
        "A formula was stored without its result.",
        "A workbook written by a program that computes nothing.",
        "Open it in a spreadsheet program and save it.",
    ),
    # The values
    "invalid_option": CodeInfo(
        "A cell is not among the options of its property.",
        "Urgentt, where the option is URGENT.",
        "Write an option's value or its label.",
    ),
    "ambiguous_option": CodeInfo(
        "Several options, stages or pipelines have this label, or it is the label of one and the value of another.",
        "A stage Closed that two pipelines have; 2, where the option 1 is labelled 2.",
        "Write the option's value, or the stage as Stage (Pipeline); or say with --options what the column holds.",
    ),
    "invalid_number": CodeInfo(
        "A cell is not a number.",
        "twelve; or 1,234.56 under --locale pt-BR.",
        "Write digits, in the way of the file's locale.",
    ),
    "ambiguous_number": CodeInfo(
        "A text is one number with a decimal point and another with a decimal comma.",
        "1.234",
        "Name the locale with --locale; one cell such as 1.5 in the column settles it too.",
    ),
    "invalid_boolean": CodeInfo(
        "A cell isn't yes or no.",
        "maybe",
        "Write true or false, yes or no, 1 or 0.",
    ),
    "invalid_date": CodeInfo(
        "A cell isn't a valid date, or has a time of day where the property holds dates only.",
        "2026-02-30; or 1635535865, which are seconds.",
        "Write 2026-03-04, or say with --date-format how dates are written.",
    ),
    "ambiguous_date": CodeInfo(
        "A text is one day read day first, and another read month first.",
        "03/04/2026",
        "Name the order with --date-format or --locale; one cell such as 25/03/2026 settles it too.",
    ),
    "invalid_datetime": CodeInfo(
        "A cell isn't a valid date and time, or is one that the portal's clocks skip.",
        "2026-03-08 02:30 in New York.",
        "Write 2026-03-04 12:30, or an ISO 8601 moment with its zone.",
    ),
    "invalid_owner": CodeInfo(
        "A cell isn't an owner in this portal.",
        "ana@exmaple.com",
        "Write the owner's e-mail, full name or ID.",
    ),
    "ambiguous_owner": CodeInfo(
        "Several owners have this name.",
        "Ana Souza, of whom there are two.",
        "Write the e-mail.",
    ),
    "stage_not_in_pipeline": CodeInfo(
        "A stage belongs to another pipeline than the row's, or than the ticket's own.",
        "Refund sent, in a row of the Support Pipeline.",
        "Write a stage of that pipeline, or change the pipeline too.",
    ),
    "cannot_set": CodeInfo(
        "A stage that cannot be set through the API.",
        "Escalated to legal, a stage that an app of HubSpot's keeps to itself.",
        "Move the ticket in HubSpot, or write another stage.",
    ),
    "spoiled_text": CodeInfo(
        "A text that would change a ticket was spoiled by a program on its way.",
        '5.51E+12, where a spreadsheet has shortened a number; S\u00c3\u00a3o; ="0075"',
        "Take the text from where it came from; or send it as it stands with --allow-spoiled.",
    ),
    "too_long": CodeInfo(
        "A text has more than the 65,536 characters that HubSpot keeps.",
        "A mail thread of a hundred pages.",
        "Shorten it.",
    ),
    "cannot_clear": CodeInfo(
        "A cell is empty, and its property cannot be.",
        "An empty cell under Ticket status.",
        "Fill it in, leave the column out, or keep blanks with --blank keep.",
    ),
    "rule_violation": CodeInfo(
        "A value breaks a rule that the portal's admins set.",
        "A ticket name of four characters, where MIN_LENGTH is 5.",
        "Change the value; the message names the rule.",
    ),
    # The tickets
    "not_found": CodeInfo(
        "The portal has no ticket with this key.",
        "25099999999",
        "Check the key, and that the token is of the right portal.",
    ),
    "archived": CodeInfo(
        "The ticket was deleted.",
        "A ticket in the portal's recycle bin.",
        "Restore it in HubSpot, or take the row out.",
    ),
    "merged": CodeInfo(
        "The ticket was merged into another.",
        "25012345678, which is now 25012399999.",
        "Use the new ID that the message gives, or take the row out.",
    ),
    "conflict": CodeInfo(
        "The portal changed the same property after the sheet was made.",
        "A colleague set the priority an hour ago.",
        "Look at the ticket, then run with --on-conflict overwrite, or take the row out.",
    ),
    "rejected": CodeInfo(
        "The portal refused the row; its own words follow.",
        "The value is held by another ticket.",
        "Do as the portal's message says.",
    ),
    "unconfirmed": CodeInfo(
        "The portal's answer left the row out, and a second look did not show whether it was updated.",
        "An answer without the row, and a ticket with other values.",
        "Run `import-tickets resume`.",
    ),
    "not_kept": CodeInfo(
        "The portal took the update and holds another value than was sent.",
        "A property that only moves forward, a workflow that sets the owner back.",
        "Look at the ticket in HubSpot, and at the rules and workflows that touch the property.",
    ),
    "other_ticket": CodeInfo(
        "The portal's answer is about another ticket than the one the plan was made for.",
        "A unique key that was given to another ticket between plan and update.",
        "Look at both tickets, correct the key, and run again.",
    ),
    "unreadable_property": CodeInfo(
        "The portal does not show this property's value to the token, which is not the same as empty; or its "
        "definition is not as documented.",
        "A sensitive property, and a token without the scope for it.",
        "Give the token the scope, leave the column out, or write without comparing with --no-diff.",
    ),
    # The run
    "no_token": CodeInfo(
        "There is no token to reach the portal with.",
        "HUBSPOT_ACCESS_TOKEN is not set.",
        "Set it, or try --sandbox, or --dry-run with --schema.",
    ),
    "unsafe_address": CodeInfo(
        "The portal's address would send the token in the open.",
        "HUBSPOT_BASE_URL=http://example.com",
        "Use https; http is for addresses of this machine alone.",
    ),
    "guard_rail": CodeInfo(
        "The plan changes, clears or closes more than you allowed, or empties a whole column; or too many rows failed.",
        "--max-clears 10, and a plan that clears 400.",
        "Look at the plan; raise the limit, or add --allow-empty-column, if it is right.",
    ),
    "not_confirmed": CodeInfo(
        "The question was not answered with yes.",
        "A run without a terminal and without --yes.",
        "Run it again and say yes, or add --yes.",
    ),
    "unauthorized": CodeInfo(
        "The portal does not accept the token.",
        "It has expired.",
        "Make a new one in HubSpot and set HUBSPOT_ACCESS_TOKEN.",
    ),
    "missing_scope": CodeInfo(
        "The token may not do this.",
        "The scope tickets is missing.",
        "Give it the scopes that the message names.",
    ),
    "rate_limited": CodeInfo(
        "The portal's daily API calls are used up, or the reserve for other integrations is reached.",
        "A reserve of 5 per cent.",
        "Run `import-tickets resume` when the limit resets.",
    ),
    "unavailable": CodeInfo(
        "The portal is out of reach or down.",
        "Time-outs five times in a row.",
        "Run `import-tickets resume` later.",
    ),
    "journal_lost": CodeInfo(
        "The run's journal could not be written, so the run stopped.",
        "The disk with the state folder is full.",
        "Free some disk space, then run the command that the message names.",
    ),
    "internal_error": CodeInfo(
        "A bug in import-tickets itself.",
        "An unexpected error.",
        "Report it with the file that the message names; `import-tickets runs` says whether something was sent.",
    ),
    # The command
    "bad_usage": CodeInfo(
        "What was asked for cannot be done as it was typed, or as a settings file has it.",
        "--lang fr; a settings file with an option that does not exist.",
        "Correct what the message names; `import-tickets COMMAND --help` lists what a command takes.",
    ),
    "no_such_run": CodeInfo(
        "No run, or more than one, has the name that was typed.",
        "import-tickets undo 2026, where there are forty runs of that year.",
        "Type the ID, or a part of it that only one run has; `import-tickets runs` lists them.",
    ),
    "nothing_to_do": CodeInfo(
        "There is no run that could be resumed or undone.",
        "import-tickets resume, where the last run finished.",
        "There is nothing to do; `import-tickets runs` lists the runs and what can follow each.",
    ),
    "other_portal": CodeInfo(
        "The run, plan or template was made in another portal than the one that would be used now.",
        "An undo with the token of the sandbox account, of a run in the real one.",
        "Use the token, --portal name or --sandbox that it was made with.",
    ),
    "plan_altered": CodeInfo(
        "The plan file is not what the planning made: something in it was changed.",
        "A value in the plan was edited, or the file was damaged on its way.",
        "Make the plan again with `import-tickets plan`, and have it approved again.",
    ),
    "plan_applied": CodeInfo(
        "The plan was applied before; a plan is applied once.",
        "The same `import-tickets apply` twice.",
        "Look at the run with `import-tickets runs`; make a new plan for what is still to do.",
    ),
    "not_approved": CodeInfo(
        "Only the person who made the plan has approved it, and another person's approval is required.",
        "import-tickets apply --require-approval, before another person ran `import-tickets approve`.",
        "Have a second person look at the plan and run `import-tickets approve` on it.",
    ),
}
"""Every code that a finding or an error may bear: the same in the spreadsheet, in JSON and in the docs."""
