"""Lines and words in which two traces differ."""

from harness.report.alignment import align, changed_words

FIRST = ["a=1", "b=a+2 1+2=3", "c=4", "d=5"]


def test_each_trace_is_gone_through_once_in_its_order() -> None:
    steps = align(FIRST, ["a=1", "b=a+2 1+2=4", "d=5", "e=6"])
    assert steps == "=~-=+"
    assert align(FIRST, FIRST) == "===="
    assert align([], ["x"]) == "+"
    assert align(["x"], []) == "-"


def test_the_words_that_differ_are_found_and_unlike_lines_differ_whole() -> None:
    second = ["a=1", "b=a+2 1+2=4", "c=4", "so it ends"]
    ((ours, theirs), (mine, other)) = changed_words(FIRST, second, align(FIRST, second))
    assert [FIRST[1][start:end] for start, end in ours] == ["3"]
    assert [second[1][start:end] for start, end in theirs] == ["4"]
    assert (mine, other) == ([(0, 3)], [(0, 10)])
