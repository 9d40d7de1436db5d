"""Asks for everything that differs from run to run, and says it."""

import os
import random
import tempfile
import time
import uuid

print("the time is", time.time())
print("16 random bytes are", os.urandom(16).hex())
print("a UUID is", uuid.uuid4())
print("a random number is", random.random())
print('the hash of "x" is', hash("x"))
print("a temporary directory is", tempfile.mkdtemp())
print("the library begins with", sorted(os.listdir("/lib/python3.12"))[:3])
with open("/tmp/file", "w") as file:
    file.write("contents")
print(os.stat("/tmp/file"))
before = time.time()
time.sleep(3600)
print("an hour of sleep took", time.time() - before, "seconds")
