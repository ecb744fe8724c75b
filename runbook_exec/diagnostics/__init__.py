"""Problems and findings, and the formats they are told in."""
