"""Single contacts: the rows behind every number, journeys, customers."""
