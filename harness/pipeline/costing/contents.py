"""The rows that each stage of a plan will write, as far as they can be known before it runs.

Rows of the store and of files are read, and the cheap stages' own functions make further rows of them. What a model is yet to
write stands there as a mark for a number of tokens, and every reply is taken to be complete, so that numbers of rows are at most
what a run counts. Of many questions a part is followed, which stands for all.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.faithfulness.reading import exchange
from harness.pipeline.costing.counts import Surety
from harness.pipeline.costing.rows import Identified, Rows, part_of
from harness.pipeline.costing.tokens import assumed, is_assumed
from harness.pipeline.descriptions import Artifact
from harness.pipeline.graph import InputArtifact, Node
from harness.pipeline.recipe import Recipe
from harness.stages.examples import SOURCES
from harness.stages.questions import DATA, rows_of
from harness.stages.recorded import RECORDING, recorded_rows
from harness.stages.shared_rows import DISCLOSURES, IDS, QUESTIONS
from traceinv.digests import share_of
from traceinv.inversion import inverter_examples
from traceinv.policies import disclose, within_budget
from traceinv.policies.prompted import Prompted
from traceinv.questions.base import question_counts
from traceinv.questions.hub import HubQuestions
from traceinv.questions.pool import PooledQuestions
from traceinv.records import Candidate, Compression, Disclosure, Example, Inversion, Question, Transcript
from traceinv.regimes import REGIMES, is_yardstick
from traceinv.rows import read_folder

MAX_READ = 32 * 1024**2
"""Bytes of a file of data that is read; the rows of a larger one are assumed, so that a dry run takes seconds."""
FOLLOWED = 250
"""Questions that are followed, where there are more than twice as many."""
STORED = {
    "questions": Question,
    "decontaminated": Question,
    "recorded": Transcript,
    "transcripts": Transcript,
    "endpoint": Transcript,
    "compressions": Compression,
    "disclosures": Disclosure,
    "exchanged": Disclosure,
    "inversions": Inversion,
    "candidates": Candidate,
    "examples": Example,
}
"""The records of the kinds of stages that write rows."""


class Contents:
    """Makes the rows of each node when they are first asked for, and keeps them.

    Attributes:
        notes: what was assumed, one sentence each.
    """

    def __init__(self, recipe: Recipe, cached: Mapping[str, Artifact], exact: bool = False) -> None:
        """Prepare to make the rows of a recipe's plan.

        Args:
            cached: the artifacts of the store, by the id of their nodes.
            exact: follow all questions, and read files of any size.
        """
        self.recipe, self.cached, self.exact = recipe, cached, exact
        self.questions = question_counts(recipe.questions)
        most = max(self.questions.values())
        self.share = 1.0 if exact or most <= 2 * FOLLOWED else FOLLOWED / most
        self.notes: dict[str, None] = {}
        self._rows: dict[str, Rows] = {}
        self._made: dict[Any, Rows] = {}

    def rows(self, source: Node | InputArtifact) -> Rows:
        """Return the rows that a node's stage has written or would write.

        Raises:
            InputError: a file of data cannot be read, or has too few rows.
        """
        node = as_node(source)
        if node.id not in self._rows:
            self._rows[node.id] = self._stored(node) or getattr(self, f"_{node.kind.name}")(node)
        return self._rows[node.id]

    def _stored(self, node: Node) -> Rows | None:
        artifact = self.cached.get(node.id)
        if artifact is None or artifact.dropped or node.kind.name not in STORED:
            return None
        size = sum(artifact.description.files.values())
        if size > MAX_READ and not self.exact:
            self.note(f"{node.kind.name}: rows of the store that have {size:,} bytes are not read")
            return None
        return self._followed(read_folder(artifact.path, STORED[node.kind.name]))

    def _followed(self, records: Sequence[Any]) -> Rows:
        """Return the rows of the questions that are followed."""
        kept = [record for record in records if share_of(f"costing {record.id}") < self.share] or records
        return Rows(kept, scale=len(records) / max(1, len(kept)))

    def note(self, sentence: str) -> None:
        """Note an assumption."""
        self.notes[sentence] = None

    def reply_tokens(self, limit: int) -> int:
        """Return the tokens that a reply is taken to have."""
        return min(limit, self.recipe.costing.reply_tokens or limit)

    @property
    def reply_surety(self) -> Surety:
        """How sure a number of tokens is that models are yet to write."""
        return Surety.AT_MOST if self.recipe.costing.reply_tokens is None else Surety.ABOUT

    def _once(self, key: Any, make: Callable[[], Rows]) -> Rows:
        """Make rows once for all seeds: what models are yet to write is the same for each."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _questions(self, node: Node) -> Rows:
        source, role = self.recipe.questions, node.params["role"]
        data = node.inputs.get(DATA)
        path = data.path if isinstance(data, InputArtifact) else None
        on_hub = isinstance(source, HubQuestions) or (isinstance(source, PooledQuestions) and path is None)
        if not source.generated and (on_hub or not self._is_read(path, "questions")):
            return self._assumed_questions(role, "questions: their text is not read" if on_hub else None)
        if not source.generated:
            return self._followed(source.questions(role, rows_of(source, path)))
        drawn = part_of(source, self.share).questions(role)
        return Rows(drawn, scale=self.questions[role] / len(drawn))

    def _assumed_questions(self, role: str, note: str | None) -> Rows:
        count, tokens = self.questions[role], self.recipe.costing.question_tokens
        self.note(f"{note or 'questions: their text is not read'}; each is taken to have {tokens} tokens")
        followed = max(1, round(count * self.share))
        made = [Question(id=f"{role}/{n}", kind="question", text=f"{n} {assumed(tokens)}") for n in range(followed)]
        return Rows(made, Surety.EXACT, unwritten=True, scale=count / followed)

    def _is_read(self, path: Path | None, what: str) -> bool:
        """Say whether a file of data is here, and small enough to be read."""
        if path is None or not path.exists():
            self.note(f"{what}: {path} is not on this machine")
            return False
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        if size > MAX_READ and not self.exact:
            self.note(f"{what}: {path} has {size:,} bytes and is not read")
            return False
        return True

    def _decontaminated(self, node: Node) -> Rows:
        drawn = self.rows(node.inputs["questions"])
        self.note("questions that a benchmark holds too are found by the run; none is taken to be dropped")
        return replace(drawn, surety=max(drawn.surety, Surety.AT_MOST))

    def _recorded(self, node: Node) -> Rows:
        params = node.kind.params.model_validate(dict(node.params))
        model, sample = params.model, params.sample  # type: ignore[attr-defined]
        questions, recording = self.rows(node.inputs["questions"]), node.inputs.get(RECORDING)
        path = recording.path if isinstance(recording, InputArtifact) else None
        if not questions.unwritten and model.hub is None and self._is_read(path, "recorded replies"):
            found = model.transcripts(questions.records, recorded_rows(model, path), sample)
            return questions.made(found, unwritten=False)
        if sample:
            self.note("recorded replies: that there is a second one to a question is not known; none is counted")
            return Rows([], Surety.ABOUT)
        limit = self.recipe.sampling.max_new_tokens
        self.note(f"recorded replies that are not read are taken to have {self.reply_tokens(limit):,} tokens")
        return self._transcripts_of(questions, limit)

    def _transcripts(self, node: Node) -> Rows:
        return self._transcripts_of(self.rows(node.inputs["questions"]), node.params["sampling"]["max_new_tokens"])

    _endpoint = _transcripts

    def _transcripts_of(self, questions: Rows, limit: int) -> Rows:
        tokens = self.reply_tokens(limit)
        made = [
            Transcript(
                id=question.id,
                question=question,
                trace=assumed(tokens),
                answer=assumed(0),
                finish_reason="stop",
                tokens=tokens,
                summary=assumed(tokens),
            )
            for question in questions.records
        ]
        return questions.made(made)

    def _compressions(self, node: Node) -> Rows:
        policy = node.kind.params.model_validate(dict(node.params)).policy  # type: ignore[attr-defined]
        transcripts = self.rows(node.inputs["transcripts"])
        text = assumed(self.reply_tokens(policy.sampling.max_new_tokens))
        complete = [row for row in transcripts.records if policy.can_show(row)]
        made = [Compression(id=row.id, sample=0, text=text, finish_reason="stop") for row in complete]
        self.note("compressors are taken to need one attempt a transcript")
        return transcripts.made(made, Surety.ABOUT)

    def _disclosures(self, node: Node) -> Rows:
        params = node.kind.params.model_validate(dict(node.params))
        policy, budget = params.policy, params.budget  # type: ignore[attr-defined]
        transcripts = self.rows(node.inputs["transcripts"])
        if "compressions" in node.inputs:
            written = {row.id: row for row in self.rows(node.inputs["compressions"]).records}
            shown = [policy.shown(row, written[row.id].text) for row in transcripts.records if row.id in written]
            return self._within(transcripts, shown, budget, unwritten=True)
        if not transcripts.unwritten:
            return self._within(transcripts, disclose(transcripts.records, policy), budget, unwritten=False)
        shown = [_unwritten_disclosure(policy, row) for row in transcripts.records]
        return self._within(transcripts, shown, budget, unwritten=True)

    def _within(self, transcripts: Rows, shown: Sequence[Disclosure], budget: float, unwritten: bool) -> Rows:
        guessed = budget < 1 and transcripts.scale != 1
        surety = Surety.ABOUT if guessed else max(transcripts.kept, Surety.AT_MOST if unwritten else Surety.EXACT)
        return transcripts.made(within_budget(shown, budget), surety, unwritten)

    def _exchanged(self, node: Node) -> Rows:
        shown, asked = self.rows(node.inputs["disclosures"]), node.params["questions"]
        if shown.unwritten or shown.scale != 1:
            return Rows(shown.records[:asked], max(shown.kept, Surety.AT_MOST), shown.unwritten)
        return Rows(exchange(shown.records, node.params["part"], asked, node.params["seed"]), shown.surety)

    def _inversions(self, node: Node) -> Rows:
        shown, limit = self.rows(node.inputs["disclosures"]), node.params["sampling"]["max_new_tokens"]
        with_summary = bool(node.params["with_summary"])
        return self._once(
            ("inversions", shown, limit, with_summary), lambda: self._inverted(shown, limit, with_summary)
        )

    def _inverted(self, shown: Rows, limit: int, with_summary: bool) -> Rows:
        trace = assumed(self.reply_tokens(limit))
        made = [
            Inversion(id=row.id, disclosure=row, with_summary=with_summary, trace=trace, finish_reason="stop")
            for row in shown.records
        ]
        return shown.made(made)

    def _candidates(self, node: Node) -> Rows:
        shown, limit = self.rows(node.inputs["disclosures"]), node.params["sampling"]["max_new_tokens"]
        count = node.params["count"]
        return self._once(("candidates", shown, limit, count), lambda: self._drawn(shown, limit, count))

    def _drawn(self, shown: Rows, limit: int, count: int) -> Rows:
        trace = assumed(self.reply_tokens(limit))
        made = [
            Candidate(id=row.id, disclosure=row, sample=sample, trace=trace, answer=row.answer, finish_reason="stop")
            for row in shown.records
            for sample in range(count)
        ]
        return shown.made(made)

    def _examples(self, node: Node) -> Rows:
        """Return all examples of a regime, those that are too long included."""
        name, seed = node.params["regime"], node.params["seed"]
        sources = [self.rows(node.inputs[source]) for source in SOURCES if source in node.inputs]
        unwritten = any(source.unwritten for source in sources)
        key = ("examples", name, *sources, None if unwritten else seed)
        return self._once(key, lambda: self._taught(name, sources, seed, unwritten))

    def _taught(self, name: str, sources: Sequence[Rows], seed: int, unwritten: bool) -> Rows:
        surety = max(source.kept for source in sources)
        if not unwritten:
            made = REGIMES[name].examples([source.records for source in sources], seed)
            return sources[0].made(made, surety, unwritten=False)
        # An ideal regime works out what the disclosures say, which nothing says yet.
        made = [] if is_yardstick(name) else REGIMES[name].examples([source.records for source in sources], seed)
        taught = {example.id for example in made}
        left = [_unwritten_example(row) for row in _first_of_each(sources[0].records) if row.id not in taught]
        return sources[0].made([*made, *left], max(surety, Surety.AT_MOST))

    def inverter_examples(self, node: Node) -> Rows:
        """Return all examples of an inverter, those that are too long included."""
        transcripts, shown = self.rows(node.inputs["transcripts"]), self.rows(node.inputs["disclosures"])
        with_summary = bool(node.params["with_summary"])

        def make() -> Rows:
            made = inverter_examples(transcripts.records, shown.records, with_summary)
            unwritten = transcripts.unwritten or shown.unwritten
            return transcripts.made(made, max(transcripts.kept, shown.kept), unwritten)

        return self._once(("inverter", transcripts, shown, with_summary), make)

    def shared_ids(self, node: Node, taught: Callable[[Node], Rows]) -> Rows:
        """Return the questions that all students of a seed are taught, as rows of ids.

        Args:
            taught: the examples of a node that are short enough.
        """
        artifact = self.cached.get(node.id)
        if artifact is not None and not artifact.dropped:
            stored = json.loads((artifact.path / IDS).read_text(encoding="utf-8"))
            return self._followed([Identified(identifier) for identifier in stored])
        sources = {
            name: source for name, source in node.inputs.items() if name != QUESTIONS and isinstance(source, Node)
        }
        shown = [self.rows(source) for name, source in sources.items() if name.startswith(DISCLOSURES)]
        regimes = [taught(source) for name, source in sources.items() if not name.startswith(DISCLOSURES)]
        having = [*shown, *(rows for rows in regimes if rows.records)]
        surety = max(rows.surety for rows in [*shown, *regimes])
        shared = frozenset.intersection(*(rows.ids for rows in having))
        return shown[0].made([Identified(identifier) for identifier in sorted(shared)], surety, unwritten=False)


def as_node(source: Node | InputArtifact) -> Node:
    """Return the node that makes an input."""
    if isinstance(source, Node):
        return source
    raise TypeError(f"{source.path}: expected what a stage makes")


def _unwritten_disclosure(policy: Any, row: Transcript) -> Disclosure:
    """Return the longest disclosure that a policy may make of a transcript that no model has written yet."""
    summary = row.trace if policy.discloses_summary else None
    if isinstance(policy, Prompted):
        summary = assumed(policy.sampling.max_new_tokens)
    return Disclosure(
        id=row.id,
        question=row.question,
        answer=row.answer or assumed(0),
        summary=summary,
        tokens=row.tokens if policy.discloses_tokens else None,
    )


def _first_of_each(records: Sequence[Any]) -> list[Any]:
    return list({record.id: record for record in reversed(records)}.values())[::-1]


def _unwritten_example(row: Any) -> Example:
    """Return the longest example that a regime may make of a row which is yet to be written."""
    shown = row.disclosure if hasattr(row, "disclosure") else row
    text = next(
        (t for t in (getattr(row, "trace", None), getattr(shown, "summary", None)) if is_assumed(t)), assumed(0)
    )
    return Example(id=row.id, prompt=shown.question.text, completion=f"<think>\n{text}\n</think>\n\n{shown.answer}")
