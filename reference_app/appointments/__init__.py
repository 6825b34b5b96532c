"""Appointments: places, slots, booking without selling a seat twice, and the day's list of an agent."""
