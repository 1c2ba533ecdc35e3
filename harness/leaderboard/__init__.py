"""leaderboard.md, from the records in results/ and nothing else: the same records give the same bytes."""
