"""The repository that services are deployed from: a local clone, or GitHub; and the deployment audit over it."""
