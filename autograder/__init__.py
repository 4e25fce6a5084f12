"""What instructors use to grade, and what proves that grading is right."""
