"""Read by gunicorn from its working directory."""

accesslog = "-"
control_socket_disable = True  # it would be made in the home directory, which is read-only
graceful_timeout = 10
workers = 2
