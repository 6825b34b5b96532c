"""A business's own dossier: draft, filing, receipt, following."""
