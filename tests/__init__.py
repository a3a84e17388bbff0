import sys

# Keep the tests' compiled files also where the environment turns that off, as it does in many containers: without
# them every worker prepares the assertions of four hundred files again, those of hypothesis first. They lie in
# __pycache__, which git ignores.
sys.dont_write_bytecode = False
