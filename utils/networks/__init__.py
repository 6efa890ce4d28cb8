"""What the networks of both tasks share: trunks, published weights, model files, quicker layers."""
