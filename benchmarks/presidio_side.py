# SPDX-License-Identifier: Apache-2.0
"""Presidio as it comes, asked over a pipe: run by `privacy.py` with the interpreter of another virtual environment.

Argument: a spaCy model of English, as a package or a folder.  Every line of standard input is a list of texts, answered by a line
with a list of [milliseconds, [[start, end, entity], …]], one for each; before them a line says which versions these are.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version


def main(model: str) -> None:
    import tldextract.tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    # Its recogniser of mail addresses would fetch a list of domains; the one that is packaged with it serves as well.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    default = NlpEngineProvider().nlp_configuration
    default["models"] = [{"lang_code": "en", "model_name": model}]
    analyzer = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=default).create_engine(), supported_languages=["en"])
    meta = analyzer.nlp_engine.nlp["en"].meta
    print(json.dumps(f"presidio-analyzer {version('presidio-analyzer')}, {meta['lang']}_{meta['name']} {meta['version']}"), flush=True)
    for line in sys.stdin:
        answers = []
        for text in json.loads(line):
            began = time.process_time()
            found = analyzer.analyze(text=text, language="en")
            took = 1e3 * (time.process_time() - began)
            answers.append((took, [(each.start, each.end, each.entity_type) for each in found]))
        print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
