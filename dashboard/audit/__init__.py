"""The trail: who saw another's data, took it along, or changed what figures are made by."""
