"""The peers, each as its own documentation says to build it: these programs are measured, never imported by ours."""
