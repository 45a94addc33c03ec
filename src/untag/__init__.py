"""untag: finds the photos that show you in your downloaded archives, and says which you may want offline.

`untag.open` gives an `Untag`, which does whatever the command line does; docs/python.md has examples. Importing this
loads nothing: each name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from untag.errors import (
    AwayError,
    ClusterError,
    DeviceError,
    DiskFullError,
    LockedError,
    ModelError,
    NetworkError,
    ReadFailure,
    ResourceError,
    StoreError,
    UntagError,
    UsageError,
)

if TYPE_CHECKING:
    from untag.actions.files import LettersWritten as LettersWritten
    from untag.actions.law import Law as Law
    from untag.actions.letters import Copied as Copied
    from untag.actions.letters import Kind as LetterKind
    from untag.actions.letters import Letter as Letter
    from untag.actions.letters import LetterOptions as LetterOptions
    from untag.actions.letters import Letters as Letters
    from untag.actions.plan import Plan as Plan
    from untag.actions.plan import PlannedGroup as PlannedGroup
    from untag.actions.plan import PlannedPhoto as PlannedPhoto
    from untag.actions.plan import PlannedStep as PlannedStep
    from untag.actions.plan import State as PlanState
    from untag.actions.platforms import StepKind as StepKind
    from untag.actions.sender import Sender as Sender
    from untag.actions.texts import languages as letter_languages
    from untag.actions.tracking import Evidence as Evidence
    from untag.actions.tracking import Outcome as RequestOutcome
    from untag.actions.tracking import TrackedRequest as TrackedRequest
    from untag.config import Settings as Settings
    from untag.doctor.checks import Check as Check
    from untag.engine.downloads.inventory import ModelStatus as ModelStatus
    from untag.engine.downloads.inventory import State as ModelState
    from untag.evaluation.evaluate import Result as EvaluationResult
    from untag.findings.counting import Group as Group
    from untag.findings.counting import NewFinding as NewFinding
    from untag.findings.counting import Pictures as Pictures
    from untag.findings.filters import FindingFilter as FindingFilter
    from untag.findings.filters import Sort as Sort
    from untag.findings.stats import Since as StatsSince
    from untag.findings.stats import Stats as Stats
    from untag.library.acting import Asked as Asked
    from untag.library.categories import CategoryStatus as CategoryStatus
    from untag.library.categories import JudgedBy as JudgedBy
    from untag.library.client import Untag as Untag
    from untag.library.client import find_damage as find_damage
    from untag.library.client import inspect as inspect
    from untag.library.client import open as open
    from untag.library.client import prove_offline as prove_offline
    from untag.library.client import rescue as rescue
    from untag.library.deciding import EditedDecisions as EditedDecisions
    from untag.library.downloads import Download as Download
    from untag.library.downloads import ModelSet as ModelSet
    from untag.library.downloads import model_sets as model_sets
    from untag.library.exporting import Exported as Exported
    from untag.library.looking import Look as Look
    from untag.library.opening import Location as Location
    from untag.library.options import Cancel as Cancel
    from untag.library.options import EnrollOptions as EnrollOptions
    from untag.library.options import EvaluateOptions as EvaluateOptions
    from untag.library.options import ExportOptions as ExportOptions
    from untag.library.options import ReportOptions as ReportOptions
    from untag.library.options import ScanOptions as ScanOptions
    from untag.library.options import SuggestOptions as SuggestOptions
    from untag.library.scanning import PreparedScan as PreparedScan
    from untag.library.scheduling import ScheduleOptions as ScheduleOptions
    from untag.library.scheduling import SchedulePlan as SchedulePlan
    from untag.library.scheduling import ScheduleStatus as ScheduleStatus
    from untag.library.scheduling import ScheduleStep as ScheduleStep
    from untag.people.changing import EngineChange as EngineChange
    from untag.people.enroll import Enrolled as PhotoUse
    from untag.people.enroll import EnrolmentResult as EnrolledPhoto
    from untag.people.enrolment import Enrolment as Enrolment
    from untag.people.review import Doubts as Doubts
    from untag.people.roster import Contribution as Contribution
    from untag.people.roster import Person as Person
    from untag.people.searching import Probe as Probe
    from untag.people.suggest import FaceGroup as FaceGroup
    from untag.people.suggest import FaceGroups as FaceGroups
    from untag.people.suggest import SeenFace as SeenFace
    from untag.reports.html import Written as ReportWritten
    from untag.scan import Away as Away
    from untag.scan import ScanSummary as ScanSummary
    from untag.scan.inspection import Inspection as Inspection
    from untag.scenes.categories import Category as Category
    from untag.scenes.categories import CategorySpec as CategorySpec
    from untag.scenes.categories import Sensitivity as Sensitivity
    from untag.scenes.taught import Taught as Taught
    from untag.scenes.teaching import Learnt as Learnt
    from untag.schedule.history import RunKind as RunKind
    from untag.schedule.history import ScheduledRun as ScheduledRun
    from untag.schedule.isolation import Isolation as Isolation
    from untag.schedule.plan import Schedule as Schedule
    from untag.schedule.services import Written as ScheduleFile
    from untag.sources.missing import MissingPhoto as MissingPhoto
    from untag.sources.missing import MissingPhotos as MissingPhotos
    from untag.sources.names import is_named_photo as is_photo_name
    from untag.sources.offered import Completions as Completions
    from untag.sources.offered import OfferedPlace as OfferedPlace
    from untag.sources.summary import ArchiveSummary as ArchiveSummary
    from untag.sources.summary import Survey as Survey
    from untag.store import Answer as Answer
    from untag.store import Changes as Changes
    from untag.store import Event as RequestEvent
    from untag.store import LastScan as LastScan
    from untag.store import Reference as Reference
    from untag.store import Trace as Trace
    from untag.store import Written as WrittenFile
    from untag.types import Action as Action
    from untag.types import Box as Box
    from untag.types import Face as Face
    from untag.types import Finding as Finding
    from untag.types import LinkConfidence as LinkConfidence
    from untag.types import Match as Match
    from untag.types import Origin as Origin
    from untag.types import Outcome as Outcome
    from untag.types import Place as Place
    from untag.types import ReadError as ReadError
    from untag.types import SceneScores as SceneScores
    from untag.types import SearchHit as SearchHit
    from untag.types import SearchResult as SearchResult
    from untag.types import Status as Status
    from untag.types import Verdict as Verdict
    from untag.upkeep.backup import Restored as Restored
    from untag.upkeep.forgetting import Forgotten as Forgotten
    from untag.upkeep.rescue import Rescued as Rescued

__version__ = "0.1.0"

_LAZY = {
    "Action": ("untag.types", "Action"),
    "Answer": ("untag.store", "Answer"),
    "ArchiveSummary": ("untag.sources.summary", "ArchiveSummary"),
    "Asked": ("untag.library.acting", "Asked"),
    "Away": ("untag.scan", "Away"),
    "Box": ("untag.types", "Box"),
    "Cancel": ("untag.library.options", "Cancel"),
    "Category": ("untag.scenes.categories", "Category"),
    "CategorySpec": ("untag.scenes.categories", "CategorySpec"),
    "CategoryStatus": ("untag.library.categories", "CategoryStatus"),
    "EditedDecisions": ("untag.library.deciding", "EditedDecisions"),
    "Changes": ("untag.store", "Changes"),
    "Check": ("untag.doctor.checks", "Check"),
    "Completions": ("untag.sources.offered", "Completions"),
    "Contribution": ("untag.people.roster", "Contribution"),
    "Copied": ("untag.actions.letters", "Copied"),
    "Doubts": ("untag.people.review", "Doubts"),
    "Download": ("untag.library.downloads", "Download"),
    "EngineChange": ("untag.people.changing", "EngineChange"),
    "EnrollOptions": ("untag.library.options", "EnrollOptions"),
    "EnrolledPhoto": ("untag.people.enroll", "EnrolmentResult"),
    "Enrolment": ("untag.people.enrolment", "Enrolment"),
    "EvaluateOptions": ("untag.library.options", "EvaluateOptions"),
    "EvaluationResult": ("untag.evaluation.evaluate", "Result"),
    "ExportOptions": ("untag.library.options", "ExportOptions"),
    "Exported": ("untag.library.exporting", "Exported"),
    "Evidence": ("untag.actions.tracking", "Evidence"),
    "Face": ("untag.types", "Face"),
    "FaceGroup": ("untag.people.suggest", "FaceGroup"),
    "FaceGroups": ("untag.people.suggest", "FaceGroups"),
    "Finding": ("untag.types", "Finding"),
    "FindingFilter": ("untag.findings.filters", "FindingFilter"),
    "Forgotten": ("untag.upkeep.forgetting", "Forgotten"),
    "Group": ("untag.findings.counting", "Group"),
    "Inspection": ("untag.scan.inspection", "Inspection"),
    "Isolation": ("untag.schedule.isolation", "Isolation"),
    "JudgedBy": ("untag.library.categories", "JudgedBy"),
    "LastScan": ("untag.store", "LastScan"),
    "Law": ("untag.actions.law", "Law"),
    "Learnt": ("untag.scenes.teaching", "Learnt"),
    "Letter": ("untag.actions.letters", "Letter"),
    "LetterKind": ("untag.actions.letters", "Kind"),
    "LetterOptions": ("untag.actions.letters", "LetterOptions"),
    "Letters": ("untag.actions.letters", "Letters"),
    "LettersWritten": ("untag.actions.files", "LettersWritten"),
    "LinkConfidence": ("untag.types", "LinkConfidence"),
    "Location": ("untag.library.opening", "Location"),
    "Look": ("untag.library.looking", "Look"),
    "Match": ("untag.types", "Match"),
    "MissingPhoto": ("untag.sources.missing", "MissingPhoto"),
    "MissingPhotos": ("untag.sources.missing", "MissingPhotos"),
    "ModelSet": ("untag.library.downloads", "ModelSet"),
    "ModelState": ("untag.engine.downloads.inventory", "State"),
    "ModelStatus": ("untag.engine.downloads.inventory", "ModelStatus"),
    "NewFinding": ("untag.findings.counting", "NewFinding"),
    "OfferedPlace": ("untag.sources.offered", "OfferedPlace"),
    "Origin": ("untag.types", "Origin"),
    "Outcome": ("untag.types", "Outcome"),
    "Person": ("untag.people.roster", "Person"),
    "PhotoUse": ("untag.people.enroll", "Enrolled"),
    "Place": ("untag.types", "Place"),
    "Pictures": ("untag.findings.counting", "Pictures"),
    "Plan": ("untag.actions.plan", "Plan"),
    "PlanState": ("untag.actions.plan", "State"),
    "PlannedGroup": ("untag.actions.plan", "PlannedGroup"),
    "PlannedPhoto": ("untag.actions.plan", "PlannedPhoto"),
    "PlannedStep": ("untag.actions.plan", "PlannedStep"),
    "PreparedScan": ("untag.library.scanning", "PreparedScan"),
    "Probe": ("untag.people.searching", "Probe"),
    "ReadError": ("untag.types", "ReadError"),
    "Reference": ("untag.store", "Reference"),
    "ReportOptions": ("untag.library.options", "ReportOptions"),
    "ReportWritten": ("untag.reports.html", "Written"),
    "RequestEvent": ("untag.store", "Event"),
    "RequestOutcome": ("untag.actions.tracking", "Outcome"),
    "Rescued": ("untag.upkeep.rescue", "Rescued"),
    "Restored": ("untag.upkeep.backup", "Restored"),
    "RunKind": ("untag.schedule.history", "RunKind"),
    "Schedule": ("untag.schedule.plan", "Schedule"),
    "ScheduleFile": ("untag.schedule.services", "Written"),
    "ScheduleOptions": ("untag.library.scheduling", "ScheduleOptions"),
    "SchedulePlan": ("untag.library.scheduling", "SchedulePlan"),
    "ScheduleStatus": ("untag.library.scheduling", "ScheduleStatus"),
    "ScheduleStep": ("untag.library.scheduling", "ScheduleStep"),
    "ScheduledRun": ("untag.schedule.history", "ScheduledRun"),
    "ScanOptions": ("untag.library.options", "ScanOptions"),
    "ScanSummary": ("untag.scan", "ScanSummary"),
    "SceneScores": ("untag.types", "SceneScores"),
    "SearchHit": ("untag.types", "SearchHit"),
    "SearchResult": ("untag.types", "SearchResult"),
    "SeenFace": ("untag.people.suggest", "SeenFace"),
    "Sender": ("untag.actions.sender", "Sender"),
    "Sensitivity": ("untag.scenes.categories", "Sensitivity"),
    "Settings": ("untag.config", "Settings"),
    "Sort": ("untag.findings.filters", "Sort"),
    "Stats": ("untag.findings.stats", "Stats"),
    "StatsSince": ("untag.findings.stats", "Since"),
    "Status": ("untag.types", "Status"),
    "StepKind": ("untag.actions.platforms", "StepKind"),
    "SuggestOptions": ("untag.library.options", "SuggestOptions"),
    "Survey": ("untag.sources.summary", "Survey"),
    "Taught": ("untag.scenes.taught", "Taught"),
    "Trace": ("untag.store", "Trace"),
    "TrackedRequest": ("untag.actions.tracking", "TrackedRequest"),
    "Untag": ("untag.library.client", "Untag"),
    "Verdict": ("untag.types", "Verdict"),
    "WrittenFile": ("untag.store", "Written"),
    "find_damage": ("untag.library.client", "find_damage"),
    "inspect": ("untag.library.client", "inspect"),
    "is_photo_name": ("untag.sources.names", "is_named_photo"),
    "letter_languages": ("untag.actions.texts", "languages"),
    "model_sets": ("untag.library.downloads", "model_sets"),
    "open": ("untag.library.client", "open"),
    "prove_offline": ("untag.library.client", "prove_offline"),
    "rescue": ("untag.library.client", "rescue"),
}
"""Where each name is that is loaded when it is first asked for: the module, and what it is called there."""

# Type checkers read this list for what the imports above call otherwise; the rest they know by its own name.
__all__ = [
    "AwayError",
    "ClusterError",
    "DeviceError",
    "DiskFullError",
    "EnrolledPhoto",
    "EvaluationResult",
    "LetterKind",
    "LockedError",
    "ModelError",
    "ModelState",
    "NetworkError",
    "PhotoUse",
    "Pictures",
    "PlanState",
    "ReadFailure",
    "ReportWritten",
    "RequestEvent",
    "RequestOutcome",
    "ResourceError",
    "ScheduleFile",
    "StatsSince",
    "StoreError",
    "UntagError",
    "UsageError",
    "WrittenFile",
    "__version__",
    "is_photo_name",
    "letter_languages",
]
__all__ += [name for name in _LAZY if name not in __all__]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _LAZY[name]
    value = globals()[name] = getattr(import_module(module), own)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
