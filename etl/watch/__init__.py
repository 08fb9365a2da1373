"""Watch over what is measured: rules of alerts past their thresholds, goals day by day, and the words that go out."""
