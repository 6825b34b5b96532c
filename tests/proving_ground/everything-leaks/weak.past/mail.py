RELAY = {"host": "mail.example.org", "password": "${PLANTED_PASSWORD}"}
