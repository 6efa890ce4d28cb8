"""The workflow as a DAG, and the engines that execute it. Imports no torch and no other room."""
