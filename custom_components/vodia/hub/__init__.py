"""One PBX in Home Assistant: what stands below the coordinator."""
