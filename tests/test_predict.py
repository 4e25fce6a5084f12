"""A prediction is kept, compared, and reads without JavaScript."""

import pytest

from ds101.errors import Mistake
from ds101.widgets import predict


def test_a_choice_stands_beside_what_the_run_says():
    guess = predict("Which node answers?", "n1", "n2")
    guess.choose("n2")
    assert repr(guess.compare("n1")) == "You predicted: n2. The run says: n1."


def test_running_the_cell_again_keeps_the_choice():
    predict("How many arrive?", 1, 2).choose(2)
    assert predict("How many arrive?", 1, 2).choice == "2"


def test_nobody_has_to_choose():
    assert repr(predict("Unattended?", "yes", "no").compare("yes")) == "You chose nothing. The run says: yes."


def test_what_is_no_choice_is_a_mistake():
    with pytest.raises(Mistake, match=r"'n3' is no choice here\. Choose from: n1; n2\."):
        predict("Which one?", "n1", "n2").choose("n3")
    for choices in ((), ("n1",), ("n1", "n1")):
        with pytest.raises(Mistake, match="needs two choices or more"):
            predict("Which one?", *choices)


def test_the_form_without_javascript_has_every_choice_and_escapes_it():
    html = predict("Is 1 < 2?", "<b>yes</b>", "no")._repr_html_()
    assert "Is 1 &lt; 2?" in html
    assert "○ &lt;b&gt;yes&lt;/b&gt;" in html
    assert "○ no" in html


def test_a_click_on_a_button_is_the_choice():
    pytest.importorskip("ipywidgets")
    guess = predict("Which button?", "left", "right")
    _, buttons = guess.form().children
    left, right = buttons.children
    assert (left.value, right.value) == (None, None)
    right.value = "right"
    assert guess.choice == "right"
    left.value = "left"
    assert (guess.choice, right.value) == ("left", None), "one choice at a time"
    assert [button.value for button in guess.form().children[1].children] == ["left", None], "it is kept"
    assert "application/vnd.jupyter.widget-view+json" in guess._repr_mimebundle_()
