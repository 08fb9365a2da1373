"""Listening to contacts: a fair sample, forms, reviews, agreement of reviewers, and what coaching agreed on."""
