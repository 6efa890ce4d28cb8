"""The painter of the sample: photographs of drawn people, annotated as they are drawn."""
