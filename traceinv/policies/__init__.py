"""Disclosure policies, one file each: the rules that turn a hidden transcript into what the target shows."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import BeforeValidator, SerializeAsAny

from traceinv.digests import share_of
from traceinv.policies.base import Policy
from traceinv.records import Compression, Disclosure, Record, Transcript
from traceinv.registry import chooser

__all__ = ["AnyPolicy", "Policy", "disclose", "within_budget"]

R = TypeVar("R", bound=Record)
AnyPolicy = Annotated[SerializeAsAny[Policy], BeforeValidator(chooser("traceinv.policies", Policy))]
"""A field that holds any policy, chosen by its `kind`."""


def disclose(
    transcripts: Sequence[Transcript], policy: Policy, compressions: Sequence[Compression] = ()
) -> list[Disclosure]:
    """Return the disclosure of each complete transcript, in their order; an incomplete one discloses nothing.

    Args:
        compressions: what the policy's compressor wrote; a transcript of which it wrote nothing discloses nothing.
    """
    written: dict[str, list[Compression]] = {}
    for row in compressions:
        written.setdefault(row.id, []).append(row)
    disclosures = (policy.disclose(transcript, written.get(transcript.id, ())) for transcript in transcripts)
    return [disclosure for disclosure in disclosures if disclosure is not None]


def within_budget(records: Sequence[R], budget: float) -> list[R]:
    """Keep the records of about this share of the questions, chosen by a hash of the question's id.

    The questions of a smaller budget are a subset of those of a larger one.
    """
    return [record for record in records if share_of(record.id) < budget]
