"""What is written of each request and task, without anybody's data: lines, masking, the name of a request, Sentry."""
