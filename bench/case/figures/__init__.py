"""What is measured of a case after its rounds: limits, memory, time to target, and the evidence of the audit."""
