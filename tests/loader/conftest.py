"""Makes the cases and the writer of odd workbooks importable."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
