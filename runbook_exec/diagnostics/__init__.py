"""Problems and findings, and the formats of reports."""
