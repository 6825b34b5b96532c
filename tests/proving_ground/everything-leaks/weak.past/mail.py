RELAY = {"host": "mail.example.org", "password": "@planted-password@"}
