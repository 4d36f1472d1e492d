# SPDX-License-Identifier: GPL-3.0-or-later
"""German and French words for the panel; whatever is not here stays English."""

from __future__ import annotations

import bpy

CONTEXTS = ("*", "Operator")
GERMAN = {
    "Ambient Occlusion": "Umgebungsverdeckung",
    "Cancel": "Abbrechen",
    "Check Engine": "Engine prüfen",
    "Depth": "Farbtiefe",
    "Generate": "Erzeugen",
    "Make Again": "Noch einmal erzeugen",
    "Make Seamless": "Nahtlos machen",
    "Maps from Image": "Karten aus Bild",
    "Open Log": "Protokoll öffnen",
    "Other Maps": "Weitere Karten",
    "Parameters": "Parameter",
    "Real Width": "Wirkliche Breite",
    "Recent Results": "Letzte Ergebnisse",
    "Refresh Tools": "Werkzeuge neu einlesen",
    "Seed": "Startwert",
    "Set Up Engine": "Engine einrichten",
    "This Image": "Dieses Bild",
    "True Displacement": "Echte Verschiebung",
}
FRENCH = {
    "Ambient Occlusion": "Occlusion ambiante",
    "Cancel": "Annuler",
    "Check Engine": "Vérifier le moteur",
    "Depth": "Profondeur",
    "Generate": "Générer",
    "Make Again": "Refaire",
    "Make Seamless": "Rendre raccordable",
    "Maps from Image": "Cartes depuis l'image",
    "Open Log": "Ouvrir le journal",
    "Other Maps": "Autres cartes",
    "Parameters": "Paramètres",
    "Real Width": "Largeur réelle",
    "Recent Results": "Derniers résultats",
    "Refresh Tools": "Relire les outils",
    "Seed": "Graine",
    "Set Up Engine": "Installer le moteur",
    "This Image": "Cette image",
    "True Displacement": "Déplacement réel",
}


def _dictionary() -> dict[str, dict[tuple[str, str], str]]:
    words = {"de_DE": GERMAN, "fr_FR": FRENCH}
    return {
        locale: {(context, text): translated for text, translated in known.items() for context in CONTEXTS}
        for locale, known in words.items()
    }


def register() -> None:
    bpy.app.translations.register(__name__, _dictionary())


def unregister() -> None:
    bpy.app.translations.unregister(__name__)
