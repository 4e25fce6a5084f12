"""What a reader touches in a notebook. Each also has a form that reads without JavaScript, and in a terminal.

predict   a question with choices, asked before the run that answers it
"""

from ds101.widgets.predict import Prediction, predict

__all__ = ["Prediction", "predict"]
