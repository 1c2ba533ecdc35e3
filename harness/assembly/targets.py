"""What a record says of its targets: on what ground they were tested, whether their traces are known, and what was left out."""

from harness.pipeline.recipe import Recipe
from harness.results.schema import TargetFacts
from traceinv.regimes import inverts, reads_hidden_traces
from traceinv.targets.base import ReasoningModel


def target_facts(recipe: Recipe) -> list[TargetFacts]:
    """Describe each target of a recipe, in its order."""
    return [_facts(recipe, name, target) for name, target in recipe.targets.items()]


def _facts(recipe: Recipe, name: str, target: ReasoningModel) -> TargetFacts:
    return TargetFacts(
        name=name,
        kind=target.kind,
        permission=target.permission_words(),
        ground=target.permission.ground if target.permission else None,
        traces_known=target.traces_known,
        left_out=[*_of_target(recipe, target), *_of_surrogates(recipe)],
    )


def _of_target(recipe: Recipe, target: ReasoningModel) -> list[str]:
    """List what a run cannot measure of a target of this kind, with the reason."""
    left_out = []
    if not target.has_weights:
        left_out.append("the target's own score, since the run has no weights of it")
    if not target.traces_known:
        lost = [regime for regime in recipe.regimes if reads_hidden_traces(regime)]
        named = f", and the regimes {', '.join(lost)}" if lost else ""
        left_out.append(f"faithfulness, bits and what utility reads of traces{named}, since its traces are hidden")
    elif not target.may_answer_again and any(map(inverts, recipe.regimes)):
        left_out.append("the ceiling of faithfulness, since the target has no second samples")
    return left_out


def _of_surrogates(recipe: Recipe) -> list[str]:
    return [
        f"the score of the surrogate {name} and the bits under it, since the run has no weights of it"
        for name, surrogate in recipe.surrogates.items()
        if not surrogate.has_weights
    ]
