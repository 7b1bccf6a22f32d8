"""Names of many places. Nobody in particular is meant."""

from __future__ import annotations


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMALE = _names(
    "Ada Agnes Aiko Aisha Alba Alice Amara Amélie Amina Ana Anika Anneliese Ayşe Beatriz Bianca Birgit Camille "
    "Carmen Celia Chiara Chloé Clara Dagny Daria Diana Dolores Edith Ekaterina Elena Eleni Élodie Emeka Emma Esra "
    "Esther Eva Fatima Florence Freya Gabriela Giulia Greta Hana Hannah Heidi Helena Hiroko Ida Inés Ingrid Irena "
    "Isabel Jana Jasmin Joanna Júlia Karin Katarzyna Khadija Klara Laila Lara Leila Lena Lídia Linh Lucía Ludmila "
    "Magdalena Mai Margit Maria Marta Mei Mira Nadia Naomi Natalia Ngozi Nina Noor Olga Paula Petra Priya Renata "
    "Rosa Ruth Sakura Sara Signe Silvia Sofia Soraya Stella Svetlana Tamar Teresa Tereza Thandiwe Ulla Ursula "
    "Valentina Vera Viktoria Wanda Yara Yasmin Yuki Zainab Zofia Zoë"
)

MALE = _names(
    "Abel Adrian Ahmed Akira Alejandro Aleksander Ali Anders András Andrej Antoine Arjun Arne Axel Babak Bao "
    "Benedikt Bjørn Boris Bruno Carlos Cem Chen Chidi Cristian Daichi Damir Daniel David Diego Dmitri Dragan "
    "Eduardo Emil Emre Enzo Erik Esteban Fabian Farid Felipe Filip Florian Francesco François Georg Giorgos Goran "
    "Gustav Hamid Hans Haruto Henrik Hugo Ibrahim Igor Iker Ivan Jakub Jan Javier Jiří Joaquim John Jorge José "
    "Juan Jürgen Kaan Karim Karl Kenji Khalid Kofi Kwame Lars László Leon Levi Luca Luís Magnus Marco Marek Mateo "
    "Matthias Mehmet Michał Mohammed Nikola Noah Oleg Omar Oscar Pablo Pavel Pedro Pierre Rafael Rajesh Ramón "
    "Rashid Samuel Sebastián Sergei Stefan Tadeusz Tariq Tomasz Tomáš Umberto Vikram Viktor Walter William Yusuf "
    "Zoltán"
)

LAST = _names(
    "Abadi Abe Adeyemi Aguilar Ahmadi Almeida Andersson Antonov Aoki Arslan Bakker Banerjee Bauer Becker "
    "Bergström Bianchi Blanc Bogdan Braun Bruun Çelik Chen Cohen Costa Cruz Dahl Danso Das Demir Diallo Díaz "
    "Dimitrov Djurić Dubois Eklund Endo Eriksen Esposito Farkas Fernández Ferrari Ferreira Fischer Fofana Fontana "
    "Fuentes Fujita García Georgiou Girard Gómez González Gruber Gupta Gutiérrez Haddad Hansen Hashimoto "
    "Hernández Hoang Hoffmann Horvat Horváth Hughes Ibáñez Ito Ivanova Jansen Janssens Jiménez Johansson Johnson "
    "Jones Jovanović Kaya Keller Khan Kim Kobayashi Koch Kovács Kowalski Kozlov Kumar Larsen Laurent Lefebvre "
    "Lehmann Lewandowski Lindberg Lindqvist Lopes López Madsen Maier Marino Marković Martin Martínez Mbeki Meyer "
    "Miller Mishra Molina Moreau Morel Moreno Mori Müller Muñoz Nagy Nakamura Navarro Ndiaye Nguyen Nielsen "
    "Nieminen Novák Nowak Nunes Nyström Obi Okafor Okeke Olsen Ortiz Osei Ozturk Papadopoulos Park Patel Pavlov "
    "Pereira Pérez Petersen Petrov Pham Popescu Popović Rahman Ramos Reddy Reyes Ricci Rivera Rodríguez Romano "
    "Rossi Roux Ruiz Saito Salazar Sánchez Santos Sato Schmidt Schneider Schulz Sharma Shevchenko Silva Singh "
    "Smirnov Smith Sørensen Sousa Stojanović Suzuki Svensson Szabó Takahashi Tanaka Tan Torres Tóth Tran Traoré "
    "Tremblay Uzun Vargas Vasquez Virtanen Vogel Volkov Wagner Wang Weber Williams Wójcik Wong Yamamoto Yilmaz "
    "Yildiz Zając Zhang Zhou Zimmermann"
)

#: Names that programs trip over: quotes, words of programming, one letter, no letter of ASCII, two people alike.
UNLUCKY = (
    ("Siobhán", "O'Brien", "F"),
    ("Christopher", "Null", "M"),
    ("Astrid", "Ødegård", "F"),
    ("伟", "李", "M"),
    ("Rachel", "True", "F"),
    ("N", "A", "F"),
    ("Jean-Luc", "d'Haëne de la Tour", "M"),
    ("Þóra", "Þorvaldsdóttir", "F"),
    ("محمد", "الفارسي", "M"),
    ("María del Carmen", "Sánchez-Ñúñez", "F"),
    ("Wolfeschlegelstein", "Hausenbergerdorff-Schottenstein von Altenburg", "M"),
    ("Anna", "Test", "F"),
    ("Robert", '"Bobby" Tables', "M"),
    ("Ng", "Ng", "M"),
    ("Zoë", "%_\\", "F"),
    ("Jan", "Novák", "M"),
    ("Jan", "Novák", "M"),
)
