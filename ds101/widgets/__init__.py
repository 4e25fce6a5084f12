"""What a reader touches in a notebook. Each also has a form that reads without JavaScript, and in a terminal.

predict   a question with choices, asked before the run that answers it
cut       a network to cut by hand, in several worlds at once
knob      a slider over what a run has recorded
quiz      a few questions at the end of a chapter, which grade themselves
"""

from ds101.widgets.cut import Cut, cut
from ds101.widgets.knob import Knob, knob
from ds101.widgets.predict import Prediction, predict
from ds101.widgets.quiz import Quiz, quiz

__all__ = ["Cut", "Knob", "Prediction", "Quiz", "cut", "knob", "predict", "quiz"]
