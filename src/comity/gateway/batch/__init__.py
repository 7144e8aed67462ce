# SPDX-License-Identifier: Apache-2.0
"""Batch jobs over files: OpenAI's files and batches, a durable queue in the state, and each line a request of its own.

A line is in the queue until the same transaction that takes it out writes what became of it: none is lost, and none stands twice.
"""
