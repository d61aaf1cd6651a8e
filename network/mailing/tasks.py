"""The queue's work for letters to several."""

from procrastinate.contrib.django import app

from network.mailing import sending


@app.periodic(cron="*/5 * * * *")
@app.task(name="write_letters", queueing_lock="write_letters", lock="write_letters")
def write_letters(timestamp: int = 0) -> None:  # noqa: ARG001 - when it was due
    """Write the next batch of mails; the others follow five minutes later."""
    sending.write_batch()
