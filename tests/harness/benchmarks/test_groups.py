"""Groups of tasks: single tasks, domains, all."""

from harness.benchmarks.groups import compared_groups, task_groups


def test_tasks_are_grouped_by_the_domain_in_their_yaml() -> None:
    assert task_groups(["mbpp", "gsm8k", "aime24"]) == {
        "mbpp": ["mbpp"],
        "gsm8k": ["gsm8k"],
        "aime24": ["aime24"],
        "math": ["gsm8k", "aime24"],
        "code": ["mbpp"],
        "all": ["mbpp", "gsm8k", "aime24"],
    }


def test_a_domain_without_a_task_and_a_task_without_a_domain_make_no_group() -> None:
    assert list(compared_groups(["gsm8k"])) == ["math", "all"]
    assert compared_groups(["gsm8k", "no such task any more"])["all"] == ["gsm8k", "no such task any more"]
