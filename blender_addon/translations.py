# SPDX-License-Identifier: GPL-3.0-or-later
"""German and French words for the panel; whatever is not here stays English."""

from __future__ import annotations

import bpy

CONTEXTS = ("*", "Operator")
GERMAN = {
    "Ambient Occlusion": "Umgebungsverdeckung",
    "Cancel": "Abbrechen",
    "Cancelling": "Bricht ab",
    "Check Engine": "Engine prüfen",
    "Data": "Daten",
    "Depth": "Farbtiefe",
    "Download Weights": "Gewichte herunterladen",
    "Finishing": "Schließt ab",
    "Four Variations": "Vier Varianten",
    "Generate": "Erzeugen",
    "Go On Larger": "Größer weitermalen",
    "Install Model": "Modell installieren",
    "Install from File": "Aus Datei installieren",
    "Keep Training": "Training fortsetzen",
    "Licence": "Lizenz",
    "Live Preview": "Live-Vorschau",
    "Lock Seed": "Startwert sperren",
    "Make Again": "Noch einmal erzeugen",
    "Make Seamless": "Nahtlos machen",
    "Maps from Image": "Karten aus Bild",
    "Masks": "Masken",
    "Models": "Modelle",
    "More Styles": "Weitere Stile",
    "New Material": "Neues Material",
    "Open Log": "Protokoll öffnen",
    "Other Maps": "Weitere Karten",
    "Painting": "Malweise",
    "Parameters": "Parameter",
    "Pause": "Anhalten",
    "Paused": "Angehalten",
    "Pausing": "Hält an",
    "Pick Variation": "Variante wählen",
    "Prepare Source": "Quelle vorbereiten",
    "Real Width": "Wirkliche Breite",
    "Recent Results": "Letzte Ergebnisse",
    "Refresh": "Neu einlesen",
    "Refresh Tools": "Werkzeuge neu einlesen",
    "Remove Model": "Modell entfernen",
    "Remove Weights": "Gewichte entfernen",
    "Repaint": "Neu malen",
    "Resume": "Fortfahren",
    "Same Material": "Dasselbe Material",
    "Seed": "Startwert",
    "Set Up Engine": "Engine einrichten",
    "Stop and Keep": "Beenden und behalten",
    "Style": "Stil",
    "Styles": "Stile",
    "Stylizer": "Stilwerkzeug",
    "This Image": "Dieses Bild",
    "Train": "Trainieren",
    "Trainer": "Trainer",
    "True Displacement": "Echte Verschiebung",
    "Use Model": "Modell verwenden",
    "Weights": "Gewichte",
}
FRENCH = {
    "Ambient Occlusion": "Occlusion ambiante",
    "Cancel": "Annuler",
    "Cancelling": "Annulation",
    "Check Engine": "Vérifier le moteur",
    "Data": "Données",
    "Depth": "Profondeur",
    "Download Weights": "Télécharger les poids",
    "Finishing": "Se termine",
    "Four Variations": "Quatre variantes",
    "Generate": "Générer",
    "Go On Larger": "Poursuivre en plus grand",
    "Install Model": "Installer un modèle",
    "Install from File": "Installer depuis un fichier",
    "Keep Training": "Poursuivre l'entraînement",
    "Licence": "Licence",
    "Live Preview": "Aperçu en direct",
    "Lock Seed": "Verrouiller la graine",
    "Make Again": "Refaire",
    "Make Seamless": "Rendre raccordable",
    "Maps from Image": "Cartes depuis l'image",
    "Masks": "Masques",
    "Models": "Modèles",
    "More Styles": "Autres styles",
    "New Material": "Nouveau matériau",
    "Open Log": "Ouvrir le journal",
    "Other Maps": "Autres cartes",
    "Painting": "Peinture",
    "Parameters": "Paramètres",
    "Pause": "Mettre en pause",
    "Paused": "En pause",
    "Pausing": "Mise en pause",
    "Pick Variation": "Choisir la variante",
    "Prepare Source": "Préparer la source",
    "Real Width": "Largeur réelle",
    "Recent Results": "Derniers résultats",
    "Refresh": "Relire",
    "Refresh Tools": "Relire les outils",
    "Remove Model": "Supprimer le modèle",
    "Remove Weights": "Supprimer les poids",
    "Repaint": "Repeindre",
    "Resume": "Reprendre",
    "Same Material": "Même matériau",
    "Seed": "Graine",
    "Set Up Engine": "Installer le moteur",
    "Stop and Keep": "Arrêter et garder",
    "Stylizer": "Outil de style",
    "This Image": "Cette image",
    "Train": "Entraîner",
    "Trainer": "Entraîneur",
    "True Displacement": "Déplacement réel",
    "Use Model": "Utiliser le modèle",
    "Weights": "Poids",
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
