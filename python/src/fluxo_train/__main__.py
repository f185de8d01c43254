"""`python -m fluxo_train`: says what is missing when the environment is not set up."""

import json
import sys

from fluxo_train import lifeline

lifeline.watch()
try:
    from fluxo_train.cli import main
except ImportError as error:  # also a shared library that a wheel needs, such as libgomp
    message, remedy = f"the Python environment is not set up: {error}", "run `cargo setup --python`"
    print(json.dumps({"event": "error", "code": 2, "message": message, "remedy": remedy}))
    print(f"error: {message} ({remedy})", file=sys.stderr)
    sys.exit(2)
except OSError as error:
    message, remedy = f"a library does not load: {error}", "install libgomp1 (apt-get, dnf, …)"
    print(json.dumps({"event": "error", "code": 2, "message": message, "remedy": remedy}))
    print(f"error: {message} ({remedy})", file=sys.stderr)
    sys.exit(2)

sys.exit(main())
