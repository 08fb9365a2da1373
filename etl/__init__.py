"""The load: brings the records of the phone system into the warehouse, on time and only once."""
