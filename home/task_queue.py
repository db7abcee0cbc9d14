"""Tasks on Redis by RQ, where losing the queue loses no work: rows say what is to be done, and the tick asks again."""

import logging
from typing import Any

from django_tasks.base import Task, TaskResult, TaskResultStatus
from django_tasks.utils import get_random_id
from django_tasks_rq import RQBackend
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as Slow

from home import clock

log = logging.getLogger(__name__)


class ForgivingRQBackend(RQBackend):
    """What someone just did stands in the database: their page is no fault because nobody could be nudged."""

    def enqueue(self, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
        try:
            return super().enqueue(task, args, kwargs)
        except (Unreachable, Slow) as error:
            log.warning("%s was not queued (%s): the tick will ask again", task.module_path, type(error).__name__)
            return _never_queued(self.alias, task, args, kwargs)


def _never_queued(backend: str, task: Task[Any, Any], args: Any, kwargs: Any) -> TaskResult[Any]:
    return TaskResult(
        task=task,
        id=get_random_id(),
        status=TaskResultStatus.READY,
        enqueued_at=clock.now(),
        started_at=None,
        last_attempted_at=None,
        finished_at=None,
        args=list(args),
        kwargs=kwargs,
        backend=backend,
        errors=[],
        worker_ids=[],
    )
