"""The queue's work after merges."""

from procrastinate.contrib.django import app

from network.merging import merge


@app.periodic(cron="47 3 * * *")
@app.task(name="forget_merges", queueing_lock="forget_merges", lock="forget_merges")
def forget_merges(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Forget what was before merges that cannot be undone any more."""
    merge.forget()
